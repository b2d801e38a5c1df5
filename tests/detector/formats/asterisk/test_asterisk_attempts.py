"""Who is accepted in the end had no failure; who guesses is told, however the dialogues are cut."""

import pytest

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Notice, Registration
from detector.formats import Format, FormatOptions, formats
from tests.detector.formats.asterisk import test_asterisk_ami
from tests.detector.formats.asterisk.test_asterisk_log import NEW_YORK

OFFICE, THIEF = "198.51.100.77", "203.0.113.66"
Line = tuple[float, str]


def reader() -> Format:
    return formats()["asterisk-log"](FormatOptions(pbx="hq", zone=NEW_YORK, year=2026, keyed_hash=str))


def event(
    second: float, name: str, account: str = "2101", call: str = "a@10.0.0.20", source: str = OFFICE,
    service: str = "PJSIP", port: int = 40000, **more: str,
) -> str:  # fmt: skip
    """A line of the security log, `second` after two o'clock."""
    clock = f"02:{int(second) // 60:02}:{int(second) % 60:02}"
    tail = "".join(f',{key}="{value}"' for key, value in more.items())
    return (
        f'[2026-03-12 {clock}] SECURITY[1] res_security_log.c: SecurityEvent="{name}",'
        f'EventTV="2026-03-12T{clock}.{int(second * 1000) % 1000:03}-0400",Severity="Error",Service="{service}",'
        f'EventVersion="1",AccountID="{account}",SessionID="{call}",LocalAddress="IPV4/UDP/192.0.2.10/5060",'
        f'RemoteAddress="IPV4/UDP/{source}/{port}"{tail}'
    )


def refused(second: float, account: str = "2101", call: str = "a@10.0.0.20", source: str = OFFICE) -> str:
    return event(second, "ChallengeResponseFailed", account, call, source)


def unknown(second: float, account: str = "2101", call: str = "a@10.0.0.20", source: str = OFFICE) -> str:
    return event(second, "InvalidAccountID", account, call, source)


def accepted(second: float, account: str = "2101", call: str = "a@10.0.0.20", source: str = OFFICE) -> str:
    return event(second, "SuccessfulAuth", account, call, source, UsingPassword="1")


def chan_sip(second: float, name: str = "InvalidPassword", source: str = OFFICE, account: str = "2101") -> str:
    return event(second, name, account, "0x7f02a4016850", source, "SIP")


def read(*lines: str) -> list[AnyEvent | Rejected]:
    log = reader()
    found = [record for line in lines for record in log.read(line.encode())]
    assert not log.unread.total, log.unread.counts
    return [*found, *log.close()]  # type: ignore[list-item]


def refusals(*lines: str) -> int:
    """How many attempts are told."""
    return sum(each.count for each in read(*lines) if isinstance(each, Registration) and each.outcome == "rejected")


HONEST = {
    "an old nonce": [refused(0), accepted(0.1)],
    "two old nonces": [refused(0), refused(0.5), accepted(1)],
    "its authentication name is not its endpoint's": [unknown(0, "auth-2101"), accepted(0.1)],
    "asked twice by another name": [unknown(0, "auth-2101"), unknown(0.1, "auth-2101"), accepted(0.2)],
    "in another dialogue, by the same name from the same place": [refused(0, call="b@x"), accepted(1, call="c@x")],
    "chan_sip, the same name from the same place": [chan_sip(0), chan_sip(1, "SuccessfulAuth")],
    "an office behind one address": [
        line for number in range(2101, 2121)
        for line in (unknown(number - 2101, f"x{number}", f"{number}@x"), accepted(number - 2100.8, f"{number}",
                                                                                  f"{number}@x"))
    ],
    "an office of phones with old nonces at once": [
        *(refused(n * 0.01, f"{2101 + n}", f"{n}@x") for n in range(20)),
        *(accepted(1 + n * 0.01, f"{2101 + n}", f"{n}@x") for n in range(20)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_whoever_is_accepted_had_no_failure(name: str) -> None:
    assert refusals(*HONEST[name]) == 0
    assert any(isinstance(each, Registration) and each.outcome == "accepted" for each in read(*HONEST[name]))


REUSED = "one@call.id"
GUESSERS = {
    "one dialogue for all guesses": ([refused(n * 0.2, call=REUSED, source=THIEF) for n in range(10)], 10),
    "one dialogue for all guesses, and right in the end": (
        [*(refused(n * 0.2, call=REUSED, source=THIEF) for n in range(10)), accepted(2, call=REUSED, source=THIEF)], 10,
    ),
    "a dialogue for each guess, and right in the end": (
        [*(refused(n * 0.2, call=f"{n}@x", source=THIEF) for n in range(10)), accepted(2, call="9@x", source=THIEF)],
        10,
    ),
    "one dialogue for all names": (
        [*(refused(n * 0.2, f"{2101 + n}", REUSED, THIEF) for n in range(10)),
         accepted(2, "2110", REUSED, THIEF)], 9,
    ),
    "one dialogue for all names nobody has": (
        [*(unknown(n * 0.2, f"{2101 + n}", REUSED, THIEF) for n in range(10)), accepted(2, "2101", REUSED, THIEF)], 8,
    ),
    "in the dialogue of an honest phone, from elsewhere": (
        [refused(n * 0.2, call="a@10.0.0.20", source=THIEF) for n in range(5)] + [accepted(1.1)], 5,
    ),
    "another address has the right password": ([refused(0, call="b@x", source=THIEF), accepted(0.5)], 1),
    "another account of the address is accepted": ([refused(0, "2102", "b@x"), accepted(0.5)], 1),
    "long before it is accepted": ([refused(0), accepted(30)], 1),
    "chan_sip, one after the other": ([chan_sip(n * 0.2, source=THIEF) for n in range(10)], 10),
    "chan_sip, one after the other, and right in the end": (
        [*(chan_sip(n * 0.2, source=THIEF) for n in range(10)), chan_sip(2, "SuccessfulAuth", THIEF)], 10,
    ),
    "chan_sip, slowly": ([chan_sip(n * 20, source=THIEF) for n in range(3)], 3),
    "a whole list of names, one guess for each": (
        [refused(n * 0.2, f"{2101 + n}", f"{n}@x", THIEF) for n in range(30)], 30,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GUESSERS)
def test_whoever_guesses_is_told_attempt_by_attempt(name: str) -> None:
    lines, attempts = GUESSERS[name]
    assert refusals(*lines) == attempts


def test_a_guesser_in_an_honest_dialogue_is_no_more_forgiven_by_the_manager_interface() -> None:
    frames = [test_asterisk_ami.secure("ChallengeResponseFailed", service="PJSIP", SessionID="x", second=n)
              for n in range(5)]  # fmt: skip
    frames.append(test_asterisk_ami.secure("SuccessfulAuth", service="PJSIP", SessionID="x", second=5))
    told = test_asterisk_ami.read(*frames)
    assert sum(isinstance(each, Registration) and each.outcome == "rejected" for each in told) == 5
    honest = test_asterisk_ami.read(frames[0], frames[-1].replace("09:05:05", "09:05:01"))
    assert [each.outcome for each in honest if isinstance(each, Registration)] == ["accepted"]


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("RequestType", "registrar_requested_aor_not_found"),
        ("ACLName", "registrar_attempt_without_configured_aors"),
        ("ACLName", "registrar_attempt_exceeds_maximum_configured_contacts"),
        ("RequestType", "registrar_attempt_without_registration_permitted"),
    ],
)
def test_what_the_registrar_refuses_after_the_right_password_is_a_notice(field: str, reason: str) -> None:
    name = "FailedACL" if field == "ACLName" else "RequestNotSupported"
    events = read(accepted(0), event(0.1, name, **{field: reason}))
    assert [type(each) for each in events] == [Registration, Notice]
    assert isinstance(events[1], Notice)
    assert (events[1].name, events[1].account, events[1].source_ip, events[1].text) == (
        "registrar_refused", "2101", OFFICE, reason,
    )  # fmt: skip


@pytest.mark.parametrize("account", ["anonymous", "<unknown>"])
def test_a_guest_that_registers_is_refused(account: str) -> None:
    (told,) = read(event(0, "FailedACL", account, source=THIEF, ACLName="registrar_attempt_without_configured_aors"))
    assert isinstance(told, Registration)
    assert (told.outcome, told.account, told.source_ip) == ("rejected", None, THIEF)


def test_both_logs_of_one_refusal_by_the_registrar_are_one() -> None:
    words = "[2026-03-12 02:00:00] WARNING[1] res_pjsip_registrar.c: Endpoint '{}' ({}:40000) has no configured AORs"
    for account, kind in (("2101", Notice), ("anonymous", Registration)):
        security = event(0, "FailedACL", account, ACLName="registrar_attempt_without_configured_aors")
        other = event(0, "ChallengeSent", "2199", "z@x", THIEF)
        for lines in (
            [other, words.format(account, OFFICE), security],
            [other, security, words.format(account, OFFICE)],
        ):
            assert [type(each) for each in read(*lines)] == [Registration, kind]


def test_what_is_held_back_is_told_after_five_seconds_or_in_silence() -> None:
    log = reader()
    assert list(log.read(refused(0).encode())) == []
    (asked,) = log.read(event(5, "ChallengeSent", "2199", "z@x").encode())
    assert isinstance(asked, Registration)
    assert asked.outcome == "challenged"
    (told, _) = log.read(event(6, "ChallengeSent", "2199", "y@x").encode())
    assert isinstance(told, Registration)
    assert told.outcome == "rejected"
    assert list(log.read(refused(20).encode())) == []
    assert len(list(log.close())) == 1
    assert list(log.close()) == []


def test_what_is_held_back_is_bounded() -> None:
    log = reader()
    told = sum(len(list(log.read(refused(0, f"a{n}", f"{n}@x", THIEF).encode()))) for n in range(5_000))
    assert told == 5_000 - 4_097
    assert told + len(list(log.close())) == 5_000


def waiting(second: int) -> str:
    """A refusal as `messages` tells it; in a file that has security events it waits for its own."""
    return (
        f"[2026-03-12 02:00:{second:02}] NOTICE[9] chan_sip.c: Registration from '<sip:2101@pbx>' failed for "
        f"'{OFFICE}:5062' - Wrong password"
    )


def test_what_is_let_go_late_is_not_forgiven_by_what_comes_in_the_same_second() -> None:
    """It waited for its security event, in vain, and by then whoever was refused has been out for too long."""
    log = reader()
    lines = [accepted(0, "2199"), waiting(1), accepted(9, "2188"), accepted(9.1), accepted(9.2, "2177")]
    found = [each for line in lines for each in log.read(line.encode())]
    assert [each.outcome for each in found if each.account == "2101"] == ["rejected", "accepted"]
    assert log.held == 0


def test_a_repeated_challenge_counts_as_often_as_it_was_asked() -> None:
    line = event(0, "ChallengeSent", service="SIP").partition("] ")[2]
    (asked,) = read(f"Mar 12 02:00:00 pbx asterisk[9]: message repeated 3 times: [ {line}]")
    assert isinstance(asked, Registration)
    assert (asked.outcome, asked.count) == ("challenged", 3)


def test_colours_in_a_security_event_are_no_part_of_a_name() -> None:
    (told,) = read(refused(0, "#033[1;31m2101#033[0m"))
    assert isinstance(told, Registration)
    assert told.account == "2101"
