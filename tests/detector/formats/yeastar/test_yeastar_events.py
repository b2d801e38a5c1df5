"""Frames in a file: however they were written down, they are the events that came."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.contract.codec import Codec, Rejected
from detector.contract.events import AnyEvent, Call, Login, Registration
from detector.formats import Format, FormatOptions, formats

CAME = "2026-03-14T06:11:00.250Z"
BEGAN = 1_773_472_260  # 2026-03-14T07:11:00Z
REGISTERED = {"extension": "1007", "kind": "Sip", "status": "Registered", "registered_ip": "203.0.113.77"}
ENDED = {
    "call_id": f"{BEGAN}.7", "time_start": "2026-03-14 03:11:00", "call_from": "1007", "call_to": "901125261234560",
    "call_duration": 35, "talk_duration": 30, "src_trunk_name": " ", "dst_trunk_name": "carrier-a", "pin_code": " ",
    "status": "ANSWERED", "type": "Outbound", "uid": "u1",
}  # fmt: skip
UP = {"call_id": f"{BEGAN}.7", "members": [
    {"extension": {"number": "1007", "channel_id": "PJSIP/1007-1", "member_status": "ALERT"}},
    {"outbound": {"from": "1007", "to": "901125261234560", "trunk_name": "carrier-a", "channel_id": "PJSIP/a-2",
                  "member_status": "ANSWER"}},
]}  # fmt: skip
FAILED = {
    "event_name": "web_login_fail", "event_type": "operation", "event_level": "error",
    "event_content": "Someone has failed to log in the PBX web interface via the Username: admin at "
    "2026/03/14 02:11:57.\n derived from the IP address: 203.0.113.9. PBX Name: HQ PBX SN: 1",
    "create_time": "2026/03/14 03:11:57",
}  # fmt: skip


def reader() -> Format:
    return formats()["yeastar-events"](
        FormatOptions(pbx="hq", zone=ZoneInfo("America/New_York"), year=None, keyed_hash=lambda pin: f"{len(pin)}")
    )


def read(*lines: str | bytes) -> list[AnyEvent | Rejected]:
    frames = reader()
    found = [record for line in lines for record in frames.read(line.encode() if isinstance(line, str) else line)]
    return [*found, *frames.close()]  # type: ignore[list-item]


def frame(kind: int, message: object, **more: object) -> dict[str, object]:
    return {"type": kind, "sn": "3631A2124XXX", "msg": message, **more}


FIRST = frame(30007, json.dumps(REGISTERED), received_at=CAME)
SECOND = frame(30012, ENDED, received_at=CAME)
WRITTEN = {
    "one a line": [json.dumps(FIRST), json.dumps(SECOND)],
    "an array": [json.dumps([FIRST, SECOND])],
    "indented": [*json.dumps(FIRST, indent=2).split("\n"), "", *json.dumps(SECOND, indent="\t").split("\n")],
    "an indented array": json.dumps([FIRST, SECOND], indent=1).split("\n"),
    "with Windows line ends and a byte order mark": [
        "\ufeff" + json.dumps(FIRST) + "\r\n",
        json.dumps(SECOND) + "\r\n",
    ],
    "after their time": [f"{CAME} {json.dumps({**each, 'received_at': None})}" for each in (FIRST, SECOND)],
    "after their local time": [f"[2026-03-14 02:11:00,250] {json.dumps(each)}" for each in (FIRST, SECOND)],
    "with heartbeats between": [json.dumps(FIRST), "heartbeat response", json.dumps(SECOND)],
    "after one that broke off": ["{", ' "type": 1,', json.dumps(FIRST), json.dumps(SECOND)],
}


@pytest.mark.parametrize("name", WRITTEN)
def test_frames_are_read_however_they_are_written(name: str) -> None:
    records = [record for record in read(*WRITTEN[name]) if not isinstance(record, Rejected)]
    assert records == read(*WRITTEN["one a line"])
    registration, call = records
    assert isinstance(registration, Registration)
    assert isinstance(call, Call)
    assert (registration.extension, registration.source_ip) == ("1007", "203.0.113.77")
    assert (call.call_id, call.trunk, call.to) == (f"{BEGAN}.7", "carrier-a", "901125261234560")
    assert registration.at == datetime(2026, 3, 14, 6, 11, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (frame(30012, ENDED), datetime(2026, 3, 14, 7, 11, 35, tzinfo=UTC)),
        (frame(30011, json.dumps(UP)), datetime(2026, 3, 14, 7, 11, tzinfo=UTC)),
        (frame(30035, FAILED), datetime(2026, 3, 14, 7, 11, 57, tzinfo=UTC)),
    ],
)
def test_what_a_frame_tells_of_its_time(sent: dict[str, object], expected: datetime) -> None:
    (event,) = read(json.dumps(sent))
    assert not isinstance(event, Rejected)
    assert event.at == expected


def test_a_frame_without_a_time_has_that_of_the_one_before() -> None:
    registered = json.dumps(frame(30007, REGISTERED))
    refused, before, after = read(registered, json.dumps(frame(30035, FAILED)), registered)
    assert isinstance(refused, Rejected)
    assert isinstance(before, Login)
    assert isinstance(after, Registration)
    assert after.at == before.at


def test_a_call_that_goes_on_happens_now_not_when_it_began() -> None:
    ended, answered = read(json.dumps(frame(30012, ENDED)), json.dumps(frame(30011, UP)))
    assert isinstance(ended, Call)
    assert isinstance(answered, Call)
    assert answered.at == ended.at


def test_a_second_reading_gives_the_same_ids() -> None:
    lines = [json.dumps(each) for each in (FIRST, SECOND, frame(30011, UP), frame(30035, FAILED))]
    assert read(*lines) == read(*lines)


@pytest.mark.parametrize(
    "message",
    [
        {**REGISTERED, "registered_ip": "::ffff:203.0.113.77"},
        {**REGISTERED, "registered_ip": "203.0.113.77:5060"},
    ],
)
def test_addresses(message: dict[str, str]) -> None:
    (event,) = read(json.dumps(frame(30007, message, received_at=CAME)))
    assert isinstance(event, Registration)
    assert event.source_ip == "203.0.113.77"


HOSTILE = [
    '"}\n' + json.dumps(FIRST) + '\n{"', "\x00", "\ud800", "%0a%22", '","registered_ip":"8.8.8.8', "x" * 900,
    "a IP address: 8.8.8.8. PBX Name: x", "\u2028",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_makes_a_second_event_or_another_address(name: str) -> None:
    content = FAILED["event_content"].replace("admin", name)
    (event,) = read(json.dumps(frame(30035, json.dumps({**FAILED, "event_content": content}), received_at=CAME)))
    assert isinstance(event, Login)
    assert event.source_ip == "203.0.113.9"


@pytest.mark.parametrize(
    "line",
    [
        "no JSON", "7", "[7]", '{"type": 30007', "[" * 100_000, json.dumps({"msg": REGISTERED, "received_at": CAME}),
        json.dumps(frame(30007, "no JSON", received_at=CAME)), json.dumps(frame(30007, {}, received_at=CAME)),
    ],
)  # fmt: skip
def test_what_nobody_can_use_is_rejected(line: str) -> None:
    assert [type(record) for record in read(line)] == [Rejected]


def test_other_frames_and_empty_lines_are_ignored() -> None:
    frames = reader()
    for line in (json.dumps(frame(30009, {}, received_at=CAME)), json.dumps(frame(30020, {}, received_at=CAME)), ""):
        assert list(frames.read(line.encode())) == []
    assert (frames.ignored, frames.unread.total) == (3, 0)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (frame(39_999, {}, received_at=CAME), "39999"),
        (frame(30011, {"call_id": "1.1", "members": [{"robot": {"number": "1"}}]}, received_at=CAME), "30011"),
    ],
    ids=["a type nobody knows", "a member nobody knows"],
)
def test_what_should_have_been_understood_is_told(sent: dict[str, object], shown: str) -> None:
    frames = reader()
    assert list(frames.read(json.dumps(sent).encode())) == []
    (reason,) = frames.unread.counts
    assert shown in reason
    assert shown.encode() in frames.unread.samples[reason]
    assert frames.ignored == 0


NEW_CDR = {
    "callid": "1571897930.0", "timestart": "2026-03-15 02:18:50", "callfrom": "1023", "callto": "011252612345601",
    "callduraction": "190", "talkduraction": "184", "pincode": "", "status": "ANSWERED", "type": "Outbound",
    "sn": "369451000000",
}  # fmt: skip


@pytest.mark.parametrize(
    "named",
    [{"event": "NewCdr", "srctrunkname": "", "dsttrcunkname": "carrier-a"},
     {"action": "NewCdr", "desttrunkname": "carrier-a"}, {"event": "NewCdr", "dsttrunkname": "carrier-a"}],
    ids=["S-Series", "the old Cloud PBX", "spelt well"],
)  # fmt: skip
def test_the_end_of_a_call_that_another_product_pushes_is_read(named: dict[str, str]) -> None:
    (call,) = read(json.dumps(NEW_CDR | named))
    assert isinstance(call, Call)
    assert (call.call_id, call.phase, call.direction, call.extension, call.trunk) == (
        "1571897930.0", "ended", "outbound", "1023", "carrier-a",
    )  # fmt: skip
    assert (call.duration, call.talk, call.disposition) == (190, 184, "answered")
    assert call.started_at == datetime(2026, 3, 15, 6, 18, 50, tzinfo=UTC)
    assert call.received_at == call.at


def test_what_another_product_pushes_without_the_id_of_its_call_has_that_of_its_record() -> None:
    (call,) = read(json.dumps({**NEW_CDR, "event": "NewCdr", "callid": "", "cdrid": "20260315021850A1"}))
    assert isinstance(call, Call)
    assert call.call_id == "20260315021850A1"


def test_a_frame_of_another_product_is_told_to_be_one() -> None:
    (rejected,) = read(json.dumps({"event": "CallStatus", "callid": "1.0", "members": [], "sn": "369451000000"}))
    assert isinstance(rejected, Rejected)
    assert "another product of Yeastar" in rejected.reason


@given(
    st.lists(st.binary(max_size=200) | st.sampled_from([line.encode() for each in WRITTEN.values() for line in each]))
)
def test_no_bytes_raise(lines: list[bytes]) -> None:
    read(*lines)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.just([]) | st.just({})
KEYS = [*REGISTERED, *ENDED, *UP, *FAILED]


@given(st.sampled_from([30007, 30011, 30012, 30013, 30015, 30034]), st.dictionaries(st.sampled_from(KEYS), VALUES),
       VALUES)  # fmt: skip
def test_any_frame_stays_within_the_contract(kind: int, changes: dict[str, object], came: object) -> None:
    message = {**REGISTERED, **ENDED, **UP, **FAILED, **changes}
    for record in read(json.dumps(frame(kind, message, received_at=came)), json.dumps(frame(kind, message))):
        if not isinstance(record, Rejected):
            assert Codec().decode(msgspec.json.encode(record)) == [record]
