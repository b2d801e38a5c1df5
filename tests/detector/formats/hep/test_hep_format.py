"""What SIP tells: who registers from where, who is refused, who calls whom by which line, and who only looks around."""

from collections.abc import Iterable
from datetime import UTC, timedelta

import pytest

from detector.contract.events import Call, Event, Notice, Registration
from detector.formats import FormatOptions
from detector.formats.hep.hep_format import FOREIGN, Hep
from detector.formats.own_network import Network
from tests.hep import CARRIER, CONTACT, OFFICE, PBX, THIEF, Talk, dial, failed, file_lines, guess, refused, samples

TRUNK = "carrier-a"
KNOWN = Network([PBX], {TRUNK: [CARRIER]})
TO, SENT = "901125263412345", "25263412345"


def reader(*, network: Network = KNOWN, calls: bool = True) -> Hep:
    return Hep(FormatOptions(pbx="hq", zone=UTC, year=None, keyed_hash=str, network=network), calls=calls)


def told(packets: Iterable[bytes], hep: Hep | None = None) -> list[Event]:
    """All events, at the end."""
    hep = hep or reader()
    found = [*(each for packet in packets for each in hep.read_bytes(packet)), *hep.close()]
    assert hep.unread.total == 0
    assert all(isinstance(each, Event) for each in found)
    return [each for each in found if isinstance(each, Event)]


def outcomes(packets: Iterable[bytes]) -> list[tuple[str, str | None, str | None]]:
    """What became of each registration, but for the questions that come before."""
    found = [each for each in told(packets) if isinstance(each, Registration) and each.outcome != "challenged"]
    return [(each.outcome, each.account, each.reason) for each in found]


def calls(packets: Iterable[bytes], hep: Hep | None = None) -> list[Call]:
    return [each for each in told(packets, hep) if isinstance(each, Call)]


def bare(status: int, *, again: bool = False) -> list[bytes]:
    """A REGISTER without credentials."""
    talk = Talk(THIEF)
    return [talk.ask("REGISTER"), talk.answer(status), *([talk.ask("REGISTER", again=True)] if again else [])]


def stale(times: int) -> list[bytes]:
    """Credentials whose nonce is too old."""
    talk = Talk(THIEF)
    old = 'WWW-Authenticate: Digest realm="pbx", stale=true\r\n'
    found = []
    for turn in range(times):
        found += [talk.ask("REGISTER", login="1007", answer=f"{turn:02x}"), talk.answer(401, more=old)]
    return found


def gone(*, still: str) -> list[bytes]:
    """A telephone that takes itself off; `still` is what the PBX lists as registered."""
    talk = Talk(OFFICE)
    return [talk.ask("REGISTER", login="1007", more="Contact: <sip:1007@x;expires=0>\r\nExpires: 0\r\n"),
            talk.answer(200, more=still)]  # fmt: skip


ATTEMPTS = {
    "a question is no failure": (bare(401), []),
    "a wrong password": (guess(Talk(THIEF), "1007"), [("rejected", "1007", "bad_password")]),
    "the right one": (guess(Talk(THIEF), "1007", status=200), [("accepted", "1007", None)]),
    "refused once, then accepted": (
        [*guess(talk := Talk(OFFICE), "1007"), *guess(talk, "1007", status=200, answer="01")],
        [("accepted", "1007", None)],
    ),
    "forbidden without credentials": (bare(403), [("rejected", "1007", "acl")]),
    "nobody has it": (bare(404), [("rejected", "1007", "unknown_account")]),
    "forbidden with credentials": (guess(Talk(THIEF), "1007", status=403), [("rejected", "1007", "bad_password")]),
    "a PBX in trouble judges nobody": (guess(Talk(THIEF), "1007", status=503), []),
    "an old nonce is no failure": (stale(2), []),
    "an old nonce again and again": (stale(3), [("rejected", "1007", "stale_nonce")]),
    "what comes behind the final answer": (
        [*guess(late := Talk(THIEF), "1007", status=200), late.answer(403)],
        [("accepted", "1007", None)],
    ),
    "a telephone that goes": (gone(still=""), [("removed", "1007", None)]),
    "one that only says so": (gone(still=CONTACT), [("accepted", "1007", None)]),
}


@pytest.mark.parametrize(("packets", "expected"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_what_becomes_of_a_registration(packets: list[bytes], expected: list[tuple[str, str, str]]) -> None:
    assert outcomes(packets) == expected


def test_a_registration_has_the_address_of_the_packet_and_the_program() -> None:
    (_, found) = told(guess(Talk(THIEF), "1007", status=200))
    assert isinstance(found, Registration)
    assert (found.source_ip, found.user_agent, found.transport) == (THIEF, "friendly-scanner", "udp")


def guesses(times: int, *, again: int = 1) -> list[bytes]:
    """Wrong passwords, each packet sent so often."""
    talk = Talk(THIEF)
    return [each for turn in range(times) for each in guess(talk, "1007", answer=f"{turn:02x}") for _ in range(again)]


@pytest.mark.parametrize("again", [1, 3], ids=["sent once", "sent three times, or captured so"])
def test_each_guess_counts_once(again: int) -> None:
    assert len(outcomes(guesses(6, again=again))) == 6


def test_other_credentials_in_the_same_request_are_another_guess() -> None:
    talk, steps = Talk(THIEF, number=1), []
    for turn in range(5):
        steps += [talk.ask("REGISTER", login="1007", answer=f"0{turn}", again=True), talk.answer(401)]
    assert len(outcomes(steps)) == 5


def test_the_same_request_a_minute_later_is_another_one() -> None:
    talk, found = Talk(THIEF), []
    for _ in range(4):
        talk.number = 0
        found += guess(talk, "1007")
        talk.at += timedelta(minutes=1)
    ids = [each.id for each in told(found)]
    assert len(outcomes(found)) == 4
    assert len(ids) == len(set(ids))


def test_whoever_answers_for_the_pbx_from_another_address_is_not_believed() -> None:
    talk = Talk(THIEF)
    forged = Talk(THIEF, receiver="203.0.113.67")
    forged.number, forged.method = 1, "REGISTER"
    assert told([talk.ask("REGISTER", login="1007"), forged.answer(200)]) == []


def test_a_carrier_that_refuses_our_registration_is_told() -> None:
    talk = Talk(PBX, CARRIER, user="pbx")
    (found,) = told([talk.ask("REGISTER", login="pbx"), talk.answer(403)])
    assert isinstance(found, Notice)
    assert (found.name, found.trunk, found.account) == ("sip_trunk_registration_failed", TRUNK, "pbx")


def phases(found: Iterable[Call]) -> list[tuple[str, str | None, str | None, str | None]]:
    return [(each.phase, each.direction, each.extension, each.trunk or each.trunk_in) for each in found]


def pumped(login: str | None = "1007") -> list[bytes]:
    talk, out = Talk(THIEF), Talk(PBX, CARRIER, "o@pbx")
    packets = dial(talk, out, TO, SENT, login=login)
    out.at += timedelta(seconds=30)
    talk.at = out.at
    return [*packets, out.hang_up(), talk.hang_up(by_other=True)]


def test_a_call_to_the_outside_is_one_call_of_whoever_gave_the_credentials() -> None:
    started, answered, ended = found = calls(pumped())
    assert phases(found) == [(phase, "outbound", "1007", TRUNK) for phase in ("started", "answered", "ended")]
    assert {each.call_id for each in found} == {started.call_id}
    assert (started.source_ip, started.user_agent, started.to) == (THIEF, "friendly-scanner", TO)
    assert (ended.disposition, round(ended.talk or 0)) == ("answered", 30)
    assert ended.answered_at == answered.at


def test_a_name_in_from_makes_nobody_the_caller() -> None:
    assert {(each.extension, each.direction) for each in calls(pumped(login=None))} == {(None, "transit")}


def test_a_telephone_that_is_not_asked_is_known_by_where_it_is_registered() -> None:
    hep = reader()
    told(guess(Talk(THIEF), "1007", status=200), hep)
    assert {each.extension for each in calls(pumped(login=None), hep)} == {"1007"}


def test_of_two_who_dial_the_same_number_at_once_neither_is_accused() -> None:
    one, two, out = Talk(THIEF), Talk(OFFICE, call_id="two"), Talk(PBX, CARRIER, "o@pbx")
    packets = [one.ask("INVITE", to=TO, login="1007"), two.ask("INVITE", to=TO, login="1002"),
               out.ask("INVITE", to=SENT)]  # fmt: skip
    assert phases(calls(packets)) == [("started", "outbound", None, TRUNK)]


def test_whoever_was_refused_is_not_the_caller() -> None:
    one, two, out = Talk(THIEF), Talk(OFFICE, call_id="two"), Talk(PBX, CARRIER, "o@pbx")
    packets = [one.ask("INVITE", to=TO, login="1007"), one.answer(401), two.ask("INVITE", to=TO, login="1002"),
               out.ask("INVITE", to=SENT)]  # fmt: skip
    assert phases(calls(packets)) == [("started", "outbound", "1002", TRUNK)]


def test_whom_the_pbx_has_begun_to_serve_is_the_caller_whoever_else_asks_for_the_number() -> None:
    one, two, out = Talk(THIEF), Talk(OFFICE, call_id="two"), Talk(PBX, CARRIER, "o@pbx")
    packets = [one.ask("INVITE", to=TO, login="1007"), one.answer(100), two.ask("INVITE", to=TO, login="1002"),
               out.ask("INVITE", to=SENT)]  # fmt: skip
    assert phases(calls(packets)) == [("started", "outbound", "1007", TRUNK)]


def test_a_flood_of_strangers_hides_no_caller() -> None:
    one, out = Talk(THIEF), Talk(PBX, CARRIER, "o@pbx")
    packets = [one.ask("INVITE", to=TO, login="1007"), one.answer(100)]
    for turn in range(3_000):
        packets += refused(Talk("203.0.113.9", call_id=f"flood-{turn}"), "00252999999999", 401)
    found = calls([*packets, out.ask("INVITE", to=SENT)])
    assert phases(found) == [("started", "outbound", "1007", TRUNK)]


def test_a_flood_of_strangers_makes_no_call_forgotten() -> None:
    one, out = Talk(THIEF), Talk(PBX, CARRIER, "o@pbx")
    packets = dial(one, out, TO, SENT)
    for turn in range(5_000):
        stranger = Talk("203.0.113.9", call_id=f"flood-{turn}")
        packets += (
            [stranger.ask("INVITE", to=TO), stranger.answer(401)] if turn % 2 else [stranger.ask("INVITE", to=TO)]
        )
    assert [each.phase for each in calls([*packets, out.hang_up()])] == ["started", "answered", "ended"]


def came_in(to: str, sent: str, receiver: str) -> list[bytes]:
    """A call of the carrier that the PBX sends on."""
    talk, out = Talk(CARRIER, user="12125550100"), Talk(PBX, receiver, "o@pbx", user="12125550100")
    return [talk.ask("INVITE", to=to), out.ask("INVITE", to=sent), out.answer(200), talk.answer(200), out.hang_up(),
            talk.hang_up(by_other=True)]  # fmt: skip


def inside() -> list[bytes]:
    talk, out = Talk(OFFICE, user="1001"), Talk(PBX, "192.0.2.102", "o@pbx")
    return [talk.ask("INVITE", to="1002", login="1001"), out.ask("INVITE", to="1002"), out.answer(200),
            talk.answer(200), talk.hang_up()]  # fmt: skip


ALL = ("started", "answered", "ended")
SHAPES = {
    "in, to a telephone": (came_in("1001", "1001", OFFICE), [(phase, "inbound", "1001", TRUNK) for phase in ALL]),
    "in, and out again": (came_in(SENT, SENT, CARRIER), [(phase, "transit", None, TRUNK) for phase in ALL]),
    "from desk to desk": (inside(), [(phase, "internal", "1001", None) for phase in ALL]),
    "out by no SIP that is seen": (
        dial(Talk(THIEF), None, TO, SENT), [(phase, "outbound", "1007", None) for phase in ALL[:2]],
    ),
    "a stranger is turned away": (refused(Talk(THIEF), TO, 404), [("ended", None, None, None)]),
    "ours is turned away": (refused(Talk(THIEF), TO, 404, login="1007"), [("ended", "outbound", "1007", None)]),
    "forbidden, which may be for the credentials": (
        refused(Talk(THIEF), TO, 403, login="1007"), [("ended", None, None, None)]
    ),
    "credentials are asked for": (refused(Talk(THIEF), TO, 401), []),
}  # fmt: skip


@pytest.mark.parametrize(("packets", "expected"), SHAPES.values(), ids=SHAPES)
def test_what_kind_of_call_it_is(packets: list[bytes], expected: list[tuple[str, str, str, str]]) -> None:
    assert phases(calls(packets)) == expected


@pytest.mark.parametrize(
    ("status", "disposition", "reason"),
    [(486, "busy", "busy"), (487, "no_answer", "cancelled"), (404, "failed", "unallocated"),
     (503, "failed", "congestion"), (603, "failed", "rejected"), (408, "no_answer", "timeout"),
     (302, "failed", "sip_302")],
)  # fmt: skip
def test_how_a_call_fails(status: int, disposition: str, reason: str) -> None:
    started, ended = calls(failed(status))
    assert (started.phase, ended.phase, ended.call_id) == ("started", "ended", started.call_id)
    assert (ended.disposition, ended.reason) == (disposition, reason)


def test_a_carrier_that_asks_for_credentials_has_not_refused_the_call() -> None:
    talk, out = Talk(THIEF), Talk(PBX, CARRIER, "o@pbx")
    packets = [talk.ask("INVITE", to=TO, login="1007"), out.ask("INVITE", to=SENT), out.answer(401),
               out.ask("INVITE", to=SENT, login="pbx"), out.answer(200)]  # fmt: skip
    assert [each.phase for each in calls(packets)] == ["started", "answered"]


def test_a_call_that_is_renegotiated_is_the_same_call() -> None:
    talk, out = Talk(THIEF), Talk(PBX, CARRIER, "o@pbx")
    packets = dial(talk, out, TO, SENT)
    again = [out.ask("INVITE", to=SENT, within=True), out.answer(200), talk.ask("INVITE", to=TO, within=True),
             talk.answer(488)]  # fmt: skip
    assert [each.phase for each in calls([*packets, *again])] == ["started", "answered"]


def test_beside_a_connection_only_strangers_calls_are_told() -> None:
    packets = [*pumped(), *inside(), *refused(Talk(THIEF, call_id="guest"), TO, 404)]
    assert phases(calls(packets, reader(calls=False))) == [("ended", None, None, None)]


def scans(addresses: int, times: int) -> list[bytes]:
    return [Talk(f"203.0.{n // 250}.{n % 250}", call_id=f"{n}-{turn}").ask("OPTIONS")
            for turn in range(times) for n in range(addresses)]  # fmt: skip


def probes(packets: Iterable[bytes], hep: Hep | None = None) -> tuple[int, list[str]]:
    found = [each for each in told(packets, hep) if isinstance(each, Notice)]
    folded = [each.text or "" for each in found if each.name == "sip_probes_folded"]
    return sum(each.name == "sip_probe" for each in found), folded


@pytest.mark.parametrize(
    ("addresses", "times", "expected"),
    [(1, 1, (1, [])), (1, 32, (32, [])), (1, 33, (32, ["1 more since 13:30:00"])),
     (3_000, 1, (2_048, ["952 more since 13:30:00"])), (5_000, 2, (2_048, ["7952 more since 13:30:00"]))],
    ids=["one", "at the bound of one", "one beyond it", "many addresses", "more than are remembered"],
)  # fmt: skip
def test_scans_are_told_up_to_a_bound_and_the_rest_is_a_number(addresses, times, expected) -> None:
    assert probes(scans(addresses, times)) == expected


@pytest.mark.parametrize("method", ["OPTIONS", "HELLO"])
def test_who_is_known_may_look(method: str) -> None:
    hep = reader()
    told(guess(Talk(OFFICE), "1001", status=200), hep)
    packets = [Talk(each, call_id=each).ask(method) for each in (OFFICE, CARRIER, THIEF)]
    assert probes(packets, hep) == (1, [])


def test_what_is_between_others_is_none_of_ours() -> None:
    hep = reader()
    told(guess(Talk(THIEF), "1007", status=200), hep)
    assert told(guess(Talk(THIEF, receiver="192.0.2.99"), "1007", status=200), hep) == []
    assert hep.ignored == 4


def test_where_nothing_is_to_or_from_the_pbx_that_is_told_with_the_addresses() -> None:
    hep = reader()
    for packet in guess(Talk(THIEF, receiver="192.0.2.99"), "1007", status=200):
        assert list(hep.read_bytes(packet)) == []
    assert hep.unread.counts == {FOREIGN: 2}
    assert hep.unread.samples[FOREIGN] == f"{THIEF} asks 192.0.2.99".encode()


def test_a_file_says_by_who_registers_which_address_is_the_pbx_and_that_it_is_a_guess() -> None:
    hep = reader(network=Network())
    found = [each for line in file_lines(samples()) for each in hep.read(line)]
    assert found
    assert list(hep.assumed) == [f"{PBX} is the PBX, because it was asked to register: name its addresses under `hep`"]


def test_packets_in_a_file_may_have_anything_between_them() -> None:
    packets = guess(Talk(THIEF), "1007", status=200)
    plain, padded = reader(), reader()
    expected = [each for line in file_lines(packets) for each in plain.read(line)]
    framed = [b"frame\n\x00HEP" + each for each in packets]
    assert [each for line in file_lines(framed) for each in padded.read(line)] == expected
    assert padded.unread.total == 0


def test_a_packet_that_breaks_off_is_counted() -> None:
    hep = reader()
    for line in file_lines([guess(Talk(THIEF), "1007")[0][:-20]]):
        assert list(hep.read(line)) == []
    assert list(hep.close()) == []
    assert hep.unread.counts == {"a packet that is cut off": 1}


def test_requests_without_an_answer_are_counted_once_they_are_forgotten() -> None:
    hep = reader()
    told((Talk(THIEF, call_id=str(n)).ask("REGISTER") for n in range(16_384 + 10)), hep)
    assert hep.ignored == 10
