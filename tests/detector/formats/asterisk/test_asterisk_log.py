"""Asterisk's two logs: one attempt is one event, and nothing the other side writes names an address."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.contract.codec import Rejected
from detector.contract.events import MAX_EVENT_BYTES, AnyEvent, Call, Login, Notice, Registration
from detector.formats import Format, FormatOptions, formats

DATA = Path(__file__).parents[3] / "data"
NEW_YORK = ZoneInfo("America/New_York")
Record = AnyEvent | Rejected


def reader(year: int | None = 2026, zone: tzinfo = UTC) -> Format:
    return formats()["asterisk-log"](FormatOptions(pbx="hq", zone=zone, year=year, keyed_hash=str))


def read(*lines: str | bytes, year: int | None = 2026, zone: tzinfo = UTC) -> list[Record]:
    log = reader(year, zone)
    records: list[Record] = []
    for line in lines:
        records += log.read(line.encode() if isinstance(line, str) else line)  # type: ignore[arg-type]
    records += log.close()  # type: ignore[arg-type]
    return records


def notice(text: str, *, second: int = 2, file: str = "chan_sip.c", stamp: str = "Nov 23 09:05") -> str:
    return f"[{stamp}:{second:02}] NOTICE[14276] {file}: {text}"


def failed(where: str = "127.0.0.6:5062", reason: str = "Wrong password", *, second: int = 2) -> str:
    return notice(f"Registration from '<sip:1005@127.0.0.1>' failed for '{where}' - {reason}", second=second)


def pjsip(reason: str, *, second: int = 2, callid: str = "063-1@127.0.0.8", start: str = "Request 'REGISTER'") -> str:
    return notice(
        f"{start} from '<sip:1005@127.0.0.1>' failed for '127.0.0.6:5062' (callid: {callid}) - {reason}",
        second=second, file="res_pjsip/pjsip_distributor.c",
    )  # fmt: skip


def refused(who: str, where: str, to: str, context: str = "phones") -> str:
    return notice(
        f"Call from '{who}' ({where}) to extension '{to}' rejected because extension not found in context '{context}'."
    )


def refused_by_pjsip(who: str, to: str, context: str = "phones") -> str:
    return notice(
        f" {who}: Call (UDP:127.0.0.10:5063) to extension '{to}' "
        f"rejected because extension not found in context '{context}'.",
        file="res_pjsip_session.c",
    )


def security(
    name: str, account: str = "1005", *, second: int = 2, milli: int = 692, service: str = "SIP",
    session: str = "0x7f02a4016850", remote: str = "IPV4/UDP/127.0.0.6/5062", tail: str = "",
) -> str:  # fmt: skip
    return (
        f"[Nov 23 09:05:{second:02}] SECURITY[14279] res_security_log.c: "
        f'SecurityEvent="{name}",EventTV="2026-11-23T09:05:{second:02}.{milli:03}+0000",Severity="Error",'
        f'Service="{service}",EventVersion="2",AccountID="{account}",SessionID="{session}",'
        f'LocalAddress="IPV4/UDP/127.0.0.1/5060",RemoteAddress="{remote}"{tail}'
    )


def asked(account: str, *, nonce: str = "320d0370", **more: object) -> str:
    return security("ChallengeSent", account, tail=f',Challenge="{nonce}"', **more)  # type: ignore[arg-type]


def journal(message: object, **more: object) -> str:
    """As `journalctl -o json` prints it; what is no text comes as a list of bytes."""
    micros = str(int(datetime(2026, 11, 23, 9, 5, 2, tzinfo=UTC).timestamp()) * 1_000_000)
    return json.dumps({"__REALTIME_TIMESTAMP": micros, "SYSLOG_IDENTIFIER": "asterisk", "MESSAGE": message, **more})


def registrations(records: list[Record], outcome: str = "rejected") -> list[Registration]:
    return [record for record in records if isinstance(record, Registration) and record.outcome == outcome]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Wrong password", "bad_password"),
        ("No matching peer found", "unknown_account"),
        ("Device does not match ACL", "acl"),
        ("Username/auth name mismatch", "username_mismatch"),
        ("Peer is not supposed to register", "not_dynamic"),
        ("Device not configured to use this transport type", "transport"),
        ("Something new", "Something new"),
    ],
)
def test_a_failed_registration(words: str, reason: str) -> None:
    (event,) = read(failed(reason=words))
    assert isinstance(event, Registration)
    assert (event.outcome, event.account, event.source_ip) == ("rejected", "1005", "127.0.0.6")
    assert (event.reason, event.trust, event.method) == (reason, "text", "REGISTER")
    assert event.at == datetime(2026, 11, 23, 9, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "source_ip"),
    [
        (failed("[2001:db8::7]:5060"), "2001:db8::7"),
        (failed("198.51.100.7"), "198.51.100.7"),
        ("\x1b[1;33m" + failed().replace("chan_sip.c", "\x1b[0;37mchan_sip.c\x1b[0m"), "127.0.0.6"),
        (failed() + "\r\n", "127.0.0.6"),
        (failed().replace("NOTICE[14276]", "NOTICE[14276][C-0000000b]"), "127.0.0.6"),
        (failed().replace("chan_sip.c", "chan_sip.c:28501 in handle_request_register"), "127.0.0.6"),
        (failed().replace("] chan_sip.c", "]: chan_sip.c:28501 handle_request_register"), "127.0.0.6"),
        ("<133>Nov 23 09:05:02 pbx asterisk[99]: " + failed().partition("] ")[2], "127.0.0.6"),
        ("2026-11-23T09:05:02.1+00:00 pbx asterisk: " + failed(), "127.0.0.6"),
        ("<133>1 2026-11-23T09:05:02+00:00 pbx asterisk 99 - - " + failed().partition("] ")[2], "127.0.0.6"),
        ('<133>1 2026-11-23T09:05:02Z pbx asterisk 99 ID [a@1 b="x\\]y"][c d="2"] \ufeff' + failed(), "127.0.0.6"),
        (journal(failed()), "127.0.0.6"),
        (journal(failed().partition("] ")[2]), "127.0.0.6"),
        (journal(list(failed().encode())), "127.0.0.6"),
    ],
)
def test_the_same_line_in_other_clothes(line: str, source_ip: str) -> None:
    (event,) = read(line)
    assert isinstance(event, Registration)
    assert event.source_ip == source_ip
    assert event.at == datetime(2026, 11, 23, 9, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "carrier", ["<133>Nov 23 09:05:{} pbx asterisk: ", "<133>1 2026-11-23T09:05:{}Z pbx asterisk 9 - - "]
)
def test_the_same_words_at_another_time_are_another_event(carrier: str) -> None:
    said = failed().partition("] ")[2]
    (first,), (second,) = read(carrier.format("02") + said), read(carrier.format("03") + said)
    assert isinstance(first, Registration)
    assert isinstance(second, Registration)
    assert first.id != second.id


def test_the_journal_tells_one_event_of_a_message_with_line_ends() -> None:
    forged = notice("Registration from '<sip:1@h>' failed for '8.8.8.8:1' - Wrong password")
    text = failed().replace("sip:1005@", f"sip:1005\n{forged}\n@")
    assert [event.source_ip for event in registrations(read(journal(text)))] == ["127.0.0.6"]


@pytest.mark.parametrize("line", [journal(None), journal([999]), journal(7), '{"MESSAGE": "', "{}", "{" * 50_000])
def test_a_journal_that_says_nothing_is_ignored(line: str) -> None:
    log = reader()
    assert list(log.read(line.encode())) == []
    assert log.ignored == 1


def test_syslog_and_file_agree_on_the_id() -> None:
    plain, carried = read(failed()), read("<133>Nov 23 09:05:02 pbx asterisk: " + failed())
    assert plain == carried


@pytest.mark.parametrize(
    ("line", "source_ip"),
    [
        (notice("Registration from '<sip:x' failed for '8.8.8.8:1' - Wrong password@h>' failed for "
                "'127.0.0.6:5062' - Wrong password"), "127.0.0.6"),
        (pjsip("Failed to authenticate", callid="a' failed for '8.8.8.8:1' (callid: b"), None),
        (refused("", "127.0.0.9:5064", "1' (8.8.8.8:1) to extension '2"), None),
        (security("InvalidPassword", 'x",SessionID="1",LocalAddress="IPV4/UDP/127.0.0.1/5060",'
                  'RemoteAddress="IPV4/UDP/8.8.8.8/1",Challenge="'), "127.0.0.6"),
        (security("ChallengeResponseFailed", service="PJSIP", session='1",LocalAddress="IPV4/UDP/1.1.1.1/1",'
                  'RemoteAddress="IPV4/UDP/8.8.8.8/1'), "127.0.0.6"),
        (security("RequestNotAllowed", "", service="AMI", tail=',RequestType="Action: x",LocalAddress='
                  '"IPV4/TCP/1.1.1.1/1",RemoteAddress="IPV4/TCP/8.8.8.8/1"'), "127.0.0.6"),
    ],
)  # fmt: skip
def test_no_value_forges_the_address(line: str, source_ip: str | None) -> None:
    (event,) = read(line)
    assert isinstance(event, Registration | Call | Notice)
    assert event.source_ip == source_ip


@pytest.mark.parametrize(
    "text",
    [
        "VERBOSE[1] app_verbose.c: " + failed().partition("chan_sip.c: ")[2],
        f'VERBOSE[1] pbx.c:     -- Executing [s@in:1] NoOp("x", "{failed()}") in new stack',
        "WARNING[1] chan_sip.c: Retransmission timeout reached",
        "",
    ],
)
def test_lines_that_only_quote_ours_are_ignored(text: str) -> None:
    log = reader()
    assert list(log.read(f"[Nov 23 09:05:02] {text}".encode())) == []
    assert log.ignored == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (failed().partition("chan_sip.c: ")[2], "a frame of the line that is not known"),
        ("NOTICE[1] chan_sip.c: Peer 'x' is now UNREACHABLE! " + failed().partition("chan_sip.c: ")[2], "chan_sip.c"),
        ("[Nov 23 09:05:02] WARNING[7] res_pjsip_new.c: 192.0.2.1 was rejected by a new check", "res_pjsip_new.c"),
        ("[Nov 23 09:05:02] SECURITY[7] res_security_log.c: SecurityEvent=42", "a security event"),
        ('{"severity": "NOTICE", "text": "Registration failed for 192.0.2.1"}', "JSON of an unknown layout"),
    ],
)
def test_what_should_have_been_understood_is_told(line: str, reason: str) -> None:
    log = reader()
    rejected = [record for record in log.read(line.encode()) if isinstance(record, Rejected)]
    assert log.unread.total + len(rejected) == 1
    assert reason in str([*log.unread.counts, *(one.reason for one in rejected)])
    assert log.ignored == 0


@pytest.mark.parametrize(
    "line",
    [
        notice("Registration from '<sip:1005@127.0.0.1>' failed for "),
        notice("Registration from '<sip:1005@127.0.0.1>' failed for 'nowhere:5060' - Wrong password"),
        notice("Request 'REGISTER' from '<sip:1@h>' failed", file="res_pjsip/x.c") + b" failed for '".decode(),
        security("InvalidPassword")[:200],
        security("InvalidPassword", remote="IPV4/UDP/999.0.0.1/5062"),
        failed().replace("Nov 23", "Feb 30"),
        failed().replace("[Nov 23 09:05:02] ", ""),
        failed() + "x" * MAX_EVENT_BYTES,
    ],
)
def test_ours_but_unreadable_is_rejected(line: str) -> None:
    (rejected,) = read(line)
    assert isinstance(rejected, Rejected)


@pytest.mark.parametrize(
    ("header", "account"),
    [
        ('"999" <sip:999@h>', "999"),
        ("sip:999@h", "999"),
        ("<SIPS:999:secret@h;x=y>", "999"),
        ('"<sip:1@a>" <sip:999@h>', "999"),
        ("<sip:h>", None),
        ("<sip:@h>", None),
        ("<" + "sip:" * 10_000 + ">", None),
        ("<sip:" * 10_000, None),
    ],
)
def test_the_account_in_a_header(header: str, account: str | None) -> None:
    (event,) = registrations(read(notice(f"Registration from '{header}' failed for '127.0.0.6:1' - x")))
    assert event.account == account


def test_a_rejected_line_shows_no_digest() -> None:
    line = security("ChallengeResponseFailed", remote="x", tail=',Challenge="n",ExpectedResponse="topsecret"')
    (rejected,) = read(line)
    assert isinstance(rejected, Rejected)
    assert "SecurityEvent" in rejected.excerpt
    assert "topsecret" not in rejected.excerpt


def test_a_wrong_password_is_a_challenge_and_one_rejection() -> None:
    challenged, rejected = read(asked("1005"), security("InvalidPassword", milli=700))
    assert isinstance(challenged, Registration)
    assert isinstance(rejected, Registration)
    assert (challenged.outcome, challenged.account, challenged.reason) == ("challenged", "1005", None)
    assert (rejected.outcome, rejected.account, rejected.reason) == ("rejected", "1005", "bad_password")
    assert (rejected.source_ip, rejected.transport, rejected.trust) == ("127.0.0.6", "udp", None)
    assert rejected.at == datetime(2026, 11, 23, 9, 5, 2, 700_000, tzinfo=UTC)


def test_an_honest_phone_is_never_rejected() -> None:
    records = read(
        asked("1005", nonce="a"),
        asked("1005", nonce="b"),
        security("SuccessfulAuth", tail=',UsingPassword="1"'),
    )
    assert [record.outcome for record in records if isinstance(record, Registration)] == [
        "challenged", "challenged", "accepted",
    ]  # fmt: skip


def test_guesses_on_nonces_that_are_not_current_are_rejections() -> None:
    records = read(*(asked("1005", nonce=f"n{n}", milli=n * 20) for n in range(9)))
    assert [event.reason for event in registrations(records)] == ["stale_nonce"] * 7


@pytest.mark.parametrize(
    "lines",
    [
        [asked("1005", nonce="same", milli=n) for n in range(9)],
        [asked("1005", nonce=f"n{n}", second=n * 6) for n in range(9)],
        [asked("1005", nonce=f"n{n}", remote=f"IPV4/UDP/127.0.0.{n + 1}/5060") for n in range(9)],
        [asked(f"100{n}", nonce=f"n{n}") for n in range(9)],
        [line for n in range(9) for line in (asked("1005", nonce=f"n{n}"), security("SuccessfulAuth"))],
    ],
    ids=[
        "the 401 got lost and is sent again",
        "a phone without a password comes back",
        "a reused SessionID",
        "other accounts",
        "answered each time",
    ],
)
def test_questions_in_a_row_that_are_no_guesses(lines: list[str]) -> None:
    assert registrations(read(*lines)) == []


def test_the_account_of_an_invite_is_the_one_that_was_challenged() -> None:
    _, event = read(asked("sip:1003@127.0.0.1"), security("InvalidPassword", "9011972592345678"))
    assert isinstance(event, Registration)
    assert (event.method, event.account) == ("INVITE", "1003")


@pytest.mark.parametrize(
    ("lines", "account"),
    [
        ([asked("sip:1003@127.0.0.1", remote="IPV4/UDP/127.0.0.9/5062")], None),
        ([asked("sip:1003@127.0.0.1").replace("09:05:02", "09:04:02")], None),
        ([asked("4930123456")], "9011972592345678"),
        ([], None),
    ],
    ids=["of another source", "too long ago", "a REGISTER", "no challenge known"],
)
def test_a_dialled_number_is_no_account(lines: list[str], account: str | None) -> None:
    event = registrations(read(*lines, security("InvalidPassword", "9011972592345678")))[0]
    assert event.account == account


def test_a_short_account_needs_no_challenge() -> None:
    (event,) = registrations(read(security("InvalidPassword")))
    assert event.account == "1005"


def test_a_number_outside_the_dialplan_is_a_refused_call() -> None:
    _, call = read(
        asked("sip:1007@127.0.0.1"),
        security("FailedACL", "00252612345678", tail=',ACLName="no_extension_match"'),
    )
    assert isinstance(call, Call)
    assert (call.phase, call.disposition, call.reason) == ("ended", "failed", "unallocated")
    assert (call.to, call.from_, call.extension, call.direction) == (
        "00252612345678",
        "1007",
        "1007",
        "outbound",
    )
    assert call.source_ip == "127.0.0.6"


def test_the_call_limit_is_a_refused_call() -> None:
    (call,) = read(security("SessionLimit", "9011972592345678"))
    assert isinstance(call, Call)
    assert (call.to, call.reason, call.extension) == ("9011972592345678", "session_limit", None)


@pytest.mark.parametrize(("times", "attempts"), [(1, 1), (2, 1), (3, 2), (4, 2)])
def test_an_acl_reports_each_attempt_twice(times: int, attempts: int) -> None:
    tail = ',ACLName="device_must_match_acl"'
    assert len(read(*(security("FailedACL", milli=n, tail=tail) for n in range(times)))) == attempts


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (security("FailedACL", tail=',ACLName="peer_not_dynamic"'), "not_dynamic"),
        (security("InvalidTransport", tail=',AttemptedTransport="TCP"'), "transport"),
        (
            security("ChallengeResponseFailed", tail=',Response="1002",ExpectedResponse="1001"'),
            "username_mismatch",
        ),
        (security("InvalidAccountID"), "unknown_account"),
        (security("RequestNotSupported", service="PJSIP"), "not_supported"),
        (security("ChallengeResponseFailed", service="PJSIP"), "bad_password"),
    ],
)
def test_reasons_of_security_events(line: str, reason: str) -> None:
    (event,) = registrations(read(line))
    assert event.reason == reason


def test_a_trunks_invite_without_a_secret_is_no_registration() -> None:
    assert read(security("SuccessfulAuth", "12125550111", tail=',UsingPassword="0"')) == []


def unknown_in_pjsip(guess: int, *, first: bool) -> list[str]:
    request = [security("InvalidAccountID", "bob", service="PJSIP", session="c@h", milli=guess)]
    asked_ = [security("ChallengeSent", "<unknown>", service="PJSIP", session="c@h", milli=guess)]
    judged = [security("ChallengeResponseFailed", "<unknown>", service="PJSIP", session="c@h", milli=guess)]
    return (request + asked_ if first else []) + request + judged


@pytest.mark.parametrize("guesses", [1, 2, 7])
def test_each_guess_at_an_unknown_pjsip_account_counts_once(guesses: int) -> None:
    lines = [line for guess in range(guesses) for line in unknown_in_pjsip(guess, first=guess == 0)]
    records = read(*lines)
    assert len(records) == guesses
    assert {(event.account, event.reason) for event in registrations(records)} == {("bob", "unknown_account")}


@pytest.mark.parametrize("guesses", [1, 2, 7])
def test_each_guess_at_a_known_pjsip_account_counts(guesses: int) -> None:
    assert (
        len(read(*(security("ChallengeResponseFailed", service="PJSIP", milli=n) for n in range(guesses)))) == guesses
    )


@pytest.mark.parametrize(
    ("lines", "events"),
    [
        (["No matching endpoint found"], 1),
        (["No matching endpoint found", "No matching endpoint found after 5 tries in 2.500 ms",
          "Failed to authenticate"], 1),
        (["Failed to authenticate"] * 3, 3),
        (["Not match Endpoint ACL"] * 2, 1),
    ],
)  # fmt: skip
def test_pjsip_messages_of_one_dialogue(lines: list[str], events: int) -> None:
    records = registrations(read(*map(pjsip, lines)))
    assert len(records) == events
    assert {(event.account, event.source_ip) for event in records} == {("1005", "127.0.0.6")}


def test_a_dialogue_is_over_after_ten_seconds() -> None:
    assert len(read(*(pjsip("No matching endpoint found", second=second) for second in (2, 12, 23)))) == 2


def test_pjsip_dialogues_are_told_apart() -> None:
    assert len(read(*(pjsip("No matching endpoint found", callid=str(n)) for n in range(5)))) == 5


def test_a_scanner_that_only_asks() -> None:
    (event,) = read(pjsip("No matching endpoint found", start="Request 'OPTIONS'"))
    assert isinstance(event, Notice)
    assert (event.name, event.source_ip, event.text, event.trust) == ("sip_probe", "127.0.0.6", "OPTIONS", "text")


@pytest.mark.parametrize("messages_first", [True, False])
@pytest.mark.parametrize(
    ("text", "event"),
    [
        (failed(), security("InvalidPassword")),
        (failed(reason="No matching peer found"), security("InvalidAccountID")),
        (failed(reason="Device does not match ACL"), security("FailedACL", tail=',ACLName="device"')),
        (pjsip("Failed to authenticate"),
         security("ChallengeResponseFailed", service="PJSIP", session="063-1@127.0.0.8")),
        (pjsip("No matching endpoint found"),
         security("InvalidAccountID", service="PJSIP", session="063-1@127.0.0.8")),
        (refused("1001", "127.0.0.6:5062", "0025"),
         security("FailedACL", "0025", tail=',ACLName="no_extension_match"')),
        (notice("127.0.0.6 failed to authenticate as 'ops'", file="manager.c"),
         security("InvalidPassword", "ops", service="AMI")),
    ],
)  # fmt: skip
def test_what_both_logs_tell_is_one_event_and_the_security_event(text: str, event: str, messages_first: bool) -> None:
    before = asked("1099", session="0x1", second=0)
    challenged, *kept = read(before, *((text, event) if messages_first else (event, text)))
    assert isinstance(challenged, Registration)
    assert len(kept) == 1
    assert kept[0].trust is None  # type: ignore[union-attr]


def test_ten_guesses_in_a_second_stay_ten_however_the_logs_interleave() -> None:
    text, events = [failed()] * 10, [security("InvalidPassword", milli=n) for n in range(10)]
    mixed = [line for pair in zip(text, events, strict=True) for line in pair]
    for lines in (text + events, events + text, mixed, mixed[::-1]):
        assert len(read(*lines)) == 10


def test_a_line_without_its_security_event_is_told_after_a_few_seconds() -> None:
    log = reader()
    assert len(list(log.read(asked("1099").encode()))) == 1
    assert list(log.read(failed().encode())) == []
    assert list(log.read(notice("unrelated", second=7).encode())) == []
    (event,) = log.read(notice("unrelated", second=8).encode())
    assert isinstance(event, Registration)
    assert event.trust == "text"
    assert list(log.close()) == []


def test_what_waits_is_bounded() -> None:
    log = reader()
    told = len(list(log.read(asked("1099").encode())))
    told += sum(len(list(log.read(failed(f"127.0.0.6:{port}").encode()))) for port in range(5_000))
    assert told == 5_000 - 4_096
    assert told + len(list(log.close())) == 5_001


def test_silence_sets_free_what_waits_and_reading_goes_on() -> None:
    log = reader()
    assert len(list(log.read(asked("1099").encode()))) == 1
    assert list(log.read(failed().encode())) == []
    assert len(list(log.close())) == 1
    assert list(log.read(security("InvalidPassword", second=9).encode())) == []
    assert len(list(log.close())) == 1


def test_other_addresses_are_other_attempts() -> None:
    assert len(read(asked("1"), failed("127.0.0.7:5062"), security("InvalidPassword", session="0x2"))) == 3


def test_a_failed_invite_in_messages_has_no_address() -> None:
    line = notice('Failed to authenticate device "1001" <sip:1001@127.0.0.1>;tag=14436c1 for INVITE, code = -1')
    (event,) = registrations(read(line))
    assert (event.account, event.method, event.source_ip) == ("1001", "INVITE", None)
    both = read(asked("sip:1001@h"), line, security("InvalidPassword", "9011"))
    assert [(event.account, event.source_ip) for event in registrations(both)] == [("1001", "127.0.0.6")]


@pytest.mark.parametrize(
    ("line", "name", "source_ip"),
    [
        (refused("1001", "127.0.0.2:5064", "0025"), "1001", "127.0.0.2"),
        (refused("", "[2001:db8::9]:5064", "0025", "in"), None, "2001:db8::9"),
        (refused_by_pjsip("1007", "0025"), "1007", "127.0.0.10"),
    ],
)
def test_refused_calls_in_messages(line: str, name: str | None, source_ip: str) -> None:
    (call,) = read(line)
    assert isinstance(call, Call)
    assert (call.from_, call.extension, call.to, call.source_ip) == (name, name, "0025", source_ip)
    assert (call.reason, call.trust) == ("unallocated", "text")


def test_a_manager_login_with_an_unknown_name_is_one_attempt() -> None:
    lines = [
        notice("127.0.0.9 tried to authenticate with nonexistent user 'admin'", file="manager.c"),
        notice("127.0.0.9 failed to authenticate as 'admin'", file="manager.c"),
    ]
    first, second = read(*lines, *lines)
    assert isinstance(first, Login)
    assert (first.surface, first.outcome, first.account) == ("ami", "rejected", "admin")
    assert (first.source_ip, first.reason) == ("127.0.0.9", "unknown_account")
    assert first.id != second.id  # type: ignore[union-attr]


def test_a_later_failure_of_that_name_is_another_attempt() -> None:
    lines = [
        notice("127.0.0.9 tried to authenticate with nonexistent user 'admin'", file="manager.c"),
        notice("127.0.0.9 failed to authenticate as 'admin'", second=20, file="manager.c"),
    ]
    assert len(read(*lines)) == 2


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        ("SuccessfulAuth", "accepted", None),
        ("InvalidPassword", "rejected", "bad_password"),
        ("InvalidAccountID", "rejected", "unknown_account"),
        ("FailedACL", "rejected", "acl"),
        ("ChallengeResponseFailed", "rejected", "bad_password"),
        ("SessionLimit", "rejected", "session_limit"),
    ],
)
def test_manager_logins(name: str, outcome: str, reason: str | None) -> None:
    (login,) = read(security(name, "ops", service="AMI", remote="IPV4/TCP/127.0.0.9/40000", tail=',UsingPassword="0"'))
    assert isinstance(login, Login)
    assert (login.outcome, login.reason, login.account, login.source_ip) == (
        outcome,
        reason,
        "ops",
        "127.0.0.9",
    )


def test_a_manager_action_without_right_is_a_notice() -> None:
    (event,) = read(security("RequestNotAllowed", "", service="AMI", tail=',RequestType="Action: Originate"'))
    assert isinstance(event, Notice)
    assert (event.name, event.text, event.account) == ("ami_request_not_allowed", "Action: Originate", None)


@pytest.mark.parametrize(
    "line",
    [
        notice("    -- Registered SIP '1001' at 127.0.0.2:5060"),
        notice("Added contact 'sip:1001@127.0.0.2:5060' to AOR '1001' with expiration of 3600 seconds",
               file="res_pjsip_registrar.c"),
    ],
)  # fmt: skip
def test_the_contact_a_phone_wrote_is_no_source(line: str) -> None:
    (event,) = registrations(read(line), "accepted")
    assert (event.account, event.source_ip, event.trust) == ("1001", None, "text")


def test_two_reads_give_the_same_ids_and_identical_lines_stay_two() -> None:
    lines = [failed(), failed(), failed(second=3)]
    ids = [event.id for event in registrations(read(*lines))]
    assert len(set(ids)) == 3
    assert ids == [event.id for event in registrations(read(*lines))]


@pytest.mark.parametrize(
    ("stamps", "years"),
    [
        (["Dec 31 23:59:59", "Jan  1 00:00:01"], [2026, 2027]),
        (
            ["Dec 31 23:59:59", "Jan  1 00:00:01", "Dec 31 23:59:58", "Jan  1 00:00:02"],
            [2026, 2027, 2026, 2027],
        ),
        (["Nov 23 09:05:02", "Nov 23 09:05:01"], [2026, 2026]),
        (
            ["Dec  1 00:00:00", "Jan  1 00:00:00", "Dec  1 00:00:00", "Jan  1 00:00:00"],
            [2026, 2027, 2026, 2027],
        ),
        (
            ["Jan  1 00:00:00", "May  1 00:00:00", "Sep  1 00:00:00", "Feb 29 00:00:00"],
            [2026, 2026, 2026, None],
        ),
        (["2025-11-23 09:14:25.691", "2026-11-23 09:14:25"], [2025, 2026]),
    ],
)
def test_the_year_ascends(stamps: list[str], years: list[int | None]) -> None:
    line = failed(reason="Username/auth name mismatch")
    records = read(*(line.replace("Nov 23 09:05:02", stamp) for stamp in stamps))
    assert [record.at.year if isinstance(record, Registration) else None for record in records] == years


def test_without_a_year_the_first_security_event_states_it() -> None:
    unread, _, event = read(failed("127.0.0.8:1"), asked("1"), failed("127.0.0.9:1", second=9), year=None)
    assert isinstance(unread, Rejected)
    assert "year" in unread.reason
    assert isinstance(event, Registration)
    assert event.at == datetime(2026, 11, 23, 9, 5, 9, tzinfo=UTC)


def test_times_are_the_pbxs_own_and_the_hour_that_comes_twice_ascends() -> None:
    stamps = ["Nov  1 00:59:00", "Nov  1 01:59:59", "Nov  1 01:00:00", "Nov  1 01:59:59", "Nov  1 02:00:01"]
    records = read(*(failed().replace("Nov 23 09:05:02", stamp) for stamp in stamps), zone=NEW_YORK)
    hours = [record.at.strftime("%H:%M") for record in records if isinstance(record, Registration)]
    assert hours == ["04:59", "05:59", "06:00", "06:59", "07:00"]


def test_event_times_of_old_versions() -> None:
    line = security("InvalidPassword").replace("2026-11-23T09:05:02.692+0000", "1462285045-854739")
    (event,) = registrations(read(line))
    assert event.at == datetime(2016, 5, 3, 14, 17, 25, 854_739, tzinfo=UTC)


def tally(records: list[Record]) -> Counter[tuple[str, str | None]]:
    return Counter(
        (type(record).__name__, record.source_ip)
        for record in records
        if isinstance(record, Registration | Login | Call) and getattr(record, "outcome", "rejected") == "rejected"
    )


def test_the_sample_of_messages() -> None:
    records = read(*(DATA / "asterisk-messages.log").read_bytes().splitlines(keepends=True), zone=NEW_YORK)
    assert tally(records) == {
        ("Registration", "203.0.113.77"): 40,
        ("Registration", "10.0.0.12"): 5,
        ("Registration", None): 1,
        ("Call", "203.0.113.77"): 3,
        ("Login", "203.0.113.90"): 3,
    }
    assert not any(isinstance(record, Rejected) for record in records)


def test_the_sample_of_both_logs_tells_the_same_attack_and_twenty_quiet_phones() -> None:
    records = read(*(DATA / "asterisk-both.log").read_bytes().splitlines(keepends=True), year=None, zone=NEW_YORK)
    assert tally(records) == {
        ("Registration", "203.0.113.77"): 40,
        ("Registration", "10.0.0.12"): 5,
        ("Registration", "203.0.113.78"): 1,
        ("Call", "203.0.113.77"): 3,
        ("Login", "203.0.113.90"): 3,
    }
    accepted = Counter(event.source_ip for event in registrations(records, "accepted"))
    assert accepted == {**{f"10.0.0.{n}": 3 for n in range(1, 21) if n != 12}, "203.0.113.77": 1}
    ids = [record.id for record in records if not isinstance(record, Rejected)]
    assert len(set(ids)) == len(ids)


def test_what_a_caller_writes_is_cut_to_the_contract() -> None:
    long = "9" * 5_000
    for line in (
        security("FailedACL", long, tail=',ACLName="no_extension_match"'),
        security("InvalidPassword", "a" + long),
        notice(f"Registration from '<sip:a{long}@h>' failed for '127.0.0.6:5062' - Wrong password"),
        notice(f"127.0.0.9 failed to authenticate as '{long}'", file="manager.c"),
    ):
        (event,) = read(line)
        assert msgspec.convert(msgspec.to_builtins(event), AnyEvent) == event


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["' failed for '8.8.8.8:1' - x", '",RemoteAddress="IPV4/UDP/8.8.8.8/1"', "\x00", "<sip:", "(callid: "]
    ),
)


@given(st.lists(st.binary(max_size=120), max_size=4))
def test_no_bytes_raise(lines: list[bytes]) -> None:
    read(*lines)
    read(*(b"[Nov 23 09:05:02] SECURITY[1] res_security_log.c: SecurityEvent=" + line for line in lines))


@given(st.lists(st.tuples(st.integers(0, 7), HOSTILE, HOSTILE, HOSTILE), max_size=6))
def test_whatever_is_written_between_the_quotes_stays_within_the_contract(
    lines: list[tuple[int, str, str, str]],
) -> None:
    shapes: list[Callable[[str, str, str], str]] = [
        lambda a, b, c: notice(f"Registration from '{a}' failed for '127.0.0.6:5062' - {b}{c}"),
        lambda a, b, c: notice(
            f"Request '{a}' from '{b}' failed for '127.0.0.6:5062' (callid: {c}) - Failed to authenticate",
            file="res_pjsip/x.c",
        ),
        lambda a, b, c: refused(a, "127.0.0.6:5062", b, c),
        refused_by_pjsip,
        lambda a, b, c: notice(f"{a or '1.2.3.4'} failed to authenticate as '{b}{c}'", file="manager.c"),
        lambda a, b, c: security("ChallengeSent", a, session=b, tail=f',Challenge="{c}"'),
        lambda a, b, c: security("InvalidPassword", a, session=b, tail=f',Challenge="{c}"'),
        lambda a, b, c: security("FailedACL", a, session=b, service="PJSIP", tail=f',ACLName="{c}"'),
    ]  # fmt: skip
    for record in read(*(shapes[shape](a, b, c).encode("utf-8", "replace") for shape, a, b, c in lines)):
        if isinstance(record, Rejected):
            assert len(record.excerpt) <= 4 * 512
        else:
            assert msgspec.convert(msgspec.to_builtins(record), AnyEvent) == record
            assert msgspec.json.encode(record)
