"""What the contract promises, seen from outside: events in, findings out."""

import json
from zoneinfo import ZoneInfo

import pytest

from detector.contract.codec import Codec, Rejected, mend
from detector.contract.events import Registration
from detector.formats import FormatOptions, formats
from tests.detector.engine.builders import (
    EMERGENCY,
    HOME,
    OFFICE,
    THIEF,
    call,
    decisions,
    detections,
    guesses,
    login,
    registration,
    run,
    settings,
)


def acting(found):
    """What would be done by itself."""
    return [(each.action, each.target.id) for each in decisions(found) if each.mode == "auto" and not each.refused]


def test_emergency_calls_are_counted_on_no_trunk() -> None:
    configured = settings(rules={"call.concurrent_trunk": {"calls": 3}})
    emergencies = [call(step, EMERGENCY, f"10{step:02}") for step in range(9)]
    assert run([*emergencies, call(10, HOME, "1050"), call(11, HOME, "1051")], configured) == []
    (said,) = detections(run([*emergencies, *[call(10 + n, HOME, f"105{n}") for n in range(3)]], configured))
    assert (said.rule, said.values["calls"]) == ("call.concurrent_trunk", 3)


def of_both(make):
    """Four that were parsed out of text and one that was not: no limit is reached without the text."""
    return [*(make(step / 10, trust="text") for step in range(4)), make(0.4)]


MADE = {
    "registrations": lambda second, **more: registration(second, **more),
    "logins": lambda second, **more: login(second, **more),
    "calls": lambda second, **more: call(second, HOME, **more),
}
ONLY_FREQUENCY = settings(rules={"call.concurrent_extension": {"calls": 99}})


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_a_limit_reached_only_with_free_text_contains_nobody(make) -> None:
    found = run(of_both(make), ONLY_FREQUENCY)
    assert len(detections(found)) == 1
    assert acting(found) == []


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_a_limit_reached_without_the_text_beside_it_contains(make) -> None:
    found = run([*(make(step / 10, trust="text") for step in range(2)), *(make(0.3 + n / 10) for n in range(5))],
                ONLY_FREQUENCY)  # fmt: skip
    assert acting(found) if make is not MADE["calls"] else detections(found)


def test_the_same_attack_told_twice_once_as_text_is_contained() -> None:
    told = [guess for step in range(5) for guess in (registration(step, trust="text"), registration(step + 0.01))]
    assert ("block_ip", THIEF) in acting(run(told))


def test_who_registers_where_only_text_told_of_guessing_is_not_restricted() -> None:
    forged = [registration(step, source=OFFICE, trust="text") for step in range(8)]
    found = run([*forged, registration(20, "accepted", "1003", OFFICE), call(30, extension="1003", source_ip=OFFICE)])
    assert acting(found) == []


def test_a_flood_of_guesses_stays_a_bounded_number_of_findings() -> None:
    flood = [registration(step / 100, account=str(step)) for step in range(6_000)]
    found = run(flood)
    assert len(found) < 100
    assert ("block_ip", THIEF) in acting(found)


def test_a_block_in_force_does_not_become_one_for_good_by_the_tail_of_the_attack() -> None:
    again = 4_000
    (first, second) = decisions(run([*guesses(0, 5), *guesses(again, 50)]), "block_ip")
    assert (first.status, (first.until - first.at).total_seconds()) == ("lifted", 0)
    assert (second.until - second.at).total_seconds() == 24 * 3_600


BROKEN = {
    "half of a surrogate pair": (rb"a\ud800b", "a\ufffdb"),
    "the other half": (rb"\udc00", "\ufffd"),
    "half before a whole": (rb"\ud800\ud83d\ude00", "\ufffd\U0001f600"),
    "bytes that are not UTF-8": (b"caf\xe9", "caf\ufffd"),
    "an escaped backslash before a u": (rb"\\ud800", "\\ud800"),
}


@pytest.mark.parametrize(("written", "account"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("shape", [b"%s", b"[%s]", b"[%s,17]"])
def test_a_name_that_is_no_text_does_not_hide_the_event(written: bytes, account: str, shape: bytes) -> None:
    event = b'{"kind":"registration","id":"r","pbx":"hq","at":"2026-03-10T15:00:00Z","outcome":"rejected",'
    event += b'"account":"' + written + b'"}'
    read, *rest = Codec().decode(shape.replace(b"%s", event))
    assert isinstance(read, Registration)
    assert read.account == account
    assert all(isinstance(each, Rejected) for each in rest)


def test_mending_leaves_sound_json_alone() -> None:
    sound = json.dumps({"a": '\u00e9\n\U0001f600\\ud800 "x"', "b": [1, None]})
    for text in (sound, json.dumps(json.loads(sound), ensure_ascii=False)):
        assert mend(text.encode()) == text.encode()


ROW = {"uid": "1.1", "call_id": "1", "timestamp": 1_795_442_700, "call_from": "Ann<1001>", "call_to": "00252612345678",
       "dst_trunk": "carrier-a", "duration": 65, "talk_duration": 60, "disposition": "ANSWERED",
       "call_type": "Outbound"}  # fmt: skip
OTHER = {**ROW, "uid": "1.2"}
ANSWER = {"errcode": 0, "errmsg": "SUCCESS", "data": [ROW, OTHER]}
PRINTED = {
    "as the PBX answers": json.dumps(ANSWER),
    "indented": json.dumps(ANSWER, indent=2),
    "an indented list": json.dumps([ROW, OTHER], indent="\t"),
    "indented with Windows line ends": json.dumps(ANSWER, indent=1).replace("\n", "\r\n"),
    "two indented answers": "\n".join(json.dumps({"data": [row]}, indent=1) for row in (ROW, OTHER)),
    "indented rows": "\n".join(json.dumps(row, indent=1) for row in (ROW, OTHER)),
    "half of a pair in a name": json.dumps([{**ROW, "call_from": "\ud800<1001>"}, OTHER]),
    "an indented answer that breaks off before a whole one": "{\n " + json.dumps(ROW)[1:-9] + "\n" + json.dumps(ANSWER),
    "one that breaks off at the end": json.dumps(ANSWER) + "\n{\n \"data\": [\n",
}  # fmt: skip


@pytest.mark.parametrize("name", PRINTED)
def test_call_records_are_read_however_their_json_is_printed(name: str) -> None:
    options = FormatOptions(pbx="hq", zone=ZoneInfo("UTC"), year=None, keyed_hash=str)
    reader = formats()["yeastar-cdr"](options)
    lines = PRINTED[name].encode().splitlines(keepends=True)
    found = [*(record for line in lines for record in reader.read(line)), *reader.close()]
    first, second = (each.id for each in found if not isinstance(each, Rejected))
    assert first != second
    assert len(found) == 2 + ("breaks off" in name)
