"""A leg is one, whichever ways and in whatever order the PBX tells of it: live frames, 30012, call records, exports."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Call
from detector.contract.findings import Detection
from detector.contract.vocabulary import OUTWARD
from detector.engine.engine import Engine
from detector.enrich.ledger import Ledger
from detector.formats import FormatOptions, formats
from detector.formats.yeastar.yeastar_frames import YeastarFrames
from tests.detector.engine.builders import engine, settings

ZONE = ZoneInfo("America/New_York")
BEGAN = datetime(2026, 3, 15, 6, 10, tzinfo=UTC)
CALL = f"{int(BEGAN.timestamp())}.300"
A, B, CALLER = "01188213200100", "01188213200101", "13125550000"
READ_AS = {A: "+88213200100", B: "+88213200101"}
ORDERS = range(12)

Frame = tuple[int, int, list[dict[str, Any]]]


def member(role: str, channel: str, status: str, **more: str) -> dict[str, Any]:
    return {role: {"channel_id": channel, "member_status": status, "call_path": " ", **more}}


def phone(number: str, status: str) -> dict[str, Any]:
    return member("extension", f"PJSIP/{number}-1", status, number=number)


def out(channel: str, to: str, status: str, trunk: str = "carrier-a") -> dict[str, Any]:
    return member("outbound", f"PJSIP/{trunk}-{channel}", status, **{"from": "2104", "to": to, "trunk_name": trunk})


def incoming(status: str, trunk: str = "carrier-a") -> dict[str, Any]:
    return member("inbound", f"PJSIP/{trunk}-in", status, **{"from": CALLER, "to": "2104", "trunk_name": trunk})


def row(after: int, from_: str, to: str, talk: int, out: str = "", into: str = "", **more: Any) -> dict[str, Any]:
    """What a leg leaves behind: it begins `after` so many seconds and rings for two."""
    kind = "Outbound" if out else "Inbound" if into else "Internal"
    return {"after": after, "from": from_, "to": to, "talk": talk, "out": out, "in": into, "kind": kind, **more}


ONE_TRUNK = "carrier-a"
RECORDS: dict[str, list[dict[str, Any]]] = {
    "a call out": [row(0, "2104", A, 60, ONE_TRUNK)],
    "forwarded, in and out over one trunk": [
        row(0, CALLER, "2104", 0, into=ONE_TRUNK),
        row(12, CALLER, A, 600, ONE_TRUNK, reason=f"2104 forwarded to {A}"),
    ],
    "forwarded, and its record names the trunk it came by": [
        row(0, CALLER, "2104", 0, into=ONE_TRUNK),
        row(12, CALLER, A, 600, ONE_TRUNK, ONE_TRUNK, reason=f"2104 forwarded to {A}"),
    ],
    "a conference with two numbers over one trunk": [
        row(0, "2104", A, 300, ONE_TRUNK), row(20, "2104", B, 280, ONE_TRUNK),
    ],
    "two numbers transferred to each other": [row(0, "2104", A, 400, ONE_TRUNK), row(60, A, B, 340, ONE_TRUNK)],
    "busy at first, then answered": [
        row(0, "2104", A, 0, ONE_TRUNK, status="BUSY"), row(15, "2104", A, 90, ONE_TRUNK),
    ],
    "the same number again within the second": [
        row(0, "2104", A, 0, ONE_TRUNK, status="FAILED"), row(0, "2104", A, 90, ONE_TRUNK),
    ],
}  # fmt: skip
LIVE: dict[str, list[Frame]] = {
    "a call out": [
        (0, 30011, [phone("2104", "ALERT"), out("1", A, "RING")]),
        (3, 30011, [phone("2104", "ANSWERED"), out("1", A, "ANSWER")]),
    ],
    "forwarded, in and out over one trunk": [
        (0, 30011, [incoming("ALERT"), phone("2104", "RING")]),
        (12, 30014, [incoming("ALERT"), phone("2104", "BYE"), out("1", A, "ALERT")]),
        (20, 30011, [incoming("ANSWERED"), out("1", A, "ANSWER")]),
    ],
    "a conference with two numbers over one trunk": [
        (0, 30011, [phone("2104", "ANSWERED"), out("1", A, "ANSWER")]),
        (20, 30011, [phone("2104", "ANSWERED"), out("1", A, "ANSWER"), out("2", B, "RING")]),
        (24, 30011, [phone("2104", "ANSWERED"), out("1", A, "ANSWER"), out("2", B, "ANSWER")]),
    ],
    "two numbers transferred to each other": [
        (0, 30011, [phone("2104", "ANSWERED"), out("1", A, "ANSWER")]),
        (60, 30013, [phone("2104", "BYE"), out("1", A, "ANSWER"), out("2", B, "RING")]),
        (64, 30011, [phone("2104", "BYE"), out("1", A, "ANSWER"), out("2", B, "ANSWER")]),
    ],
    "busy at first, then answered": [
        (0, 30011, [phone("2104", "ALERT"), out("1", A, "RING")]),
        (15, 30011, [phone("2104", "ALERT"), out("1", A, "BYE"), out("2", A, "RING")]),
        (18, 30011, [phone("2104", "ANSWERED"), out("2", A, "ANSWER")]),
    ],
}  # fmt: skip
LIVE["forwarded, and its record names the trunk it came by"] = LIVE["forwarded, in and out over one trunk"]
LIVE["the same number again within the second"] = [
    (0, 30011, [phone("2104", "ALERT"), out("1", A, "RING")]),
    (0, 30011, [phone("2104", "ANSWERED"), out("1", A, "BYE"), out("2", A, "ANSWER")]),
]
UIDS = {
    "a uid for each row": lambda number: f"uid-{number}",
    "one uid for all legs": lambda number: "uid-of-the-call",
    "no uid": lambda number: None,
}


def live(name: str) -> list[AnyEvent]:
    return pushed(LIVE[name])


def pushed(frames: list[Frame]) -> list[AnyEvent]:
    reader = YeastarFrames("hq", ZONE, keyed_hash=lambda pin: pin)
    found: list[AnyEvent] = []
    for after, kind, members in frames:
        sent = {"type": kind, "sn": "1", "msg": json.dumps({"call_id": CALL, "members": members})}
        found += accepted(reader.read(sent, BEGAN + timedelta(seconds=after)))
    return found


def ends(name: str, uids: str) -> list[AnyEvent]:
    return ends_of(RECORDS[name], uids)


def ends_of(records: list[dict[str, Any]], uids: str) -> list[AnyEvent]:
    """The frames 30012; on older firmware without `uid`."""
    reader = YeastarFrames("hq", ZONE, keyed_hash=lambda pin: pin)
    found: list[AnyEvent] = []
    for number, made in enumerate(records):
        began = BEGAN + timedelta(seconds=made["after"])
        message = {
            "call_id": CALL, "time_start": f"{began.astimezone(ZONE):%Y-%m-%d %H:%M:%S}", "call_from": made["from"],
            "call_to": made["to"], "call_duration": made["talk"] + 2, "talk_duration": made["talk"],
            "src_trunk_name": made["in"] or " ", "dst_trunk_name": made["out"] or " ", "pin_code": " ",
            "status": made.get("status", "ANSWERED" if made["talk"] else "NO ANSWER"), "type": made["kind"],
            **({"uid": uid} if (uid := UIDS[uids](number)) else {}),
        }  # fmt: skip
        at = began + timedelta(seconds=made["talk"] + 3)
        found += accepted(reader.read({"type": 30012, "sn": "1", "msg": json.dumps(message)}, at))
    return found


def rows(records: list[dict[str, Any]], uids: str) -> list[dict[str, Any]]:
    """The same as the API answers."""
    return [
        {
            "uid": UIDS[uids](number) or "", "new_id": f"row-{number}", "call_id": CALL,
            "timestamp": int((BEGAN + timedelta(seconds=made["after"])).timestamp()),
            "time": f"{(BEGAN + timedelta(seconds=made['after'])).astimezone(ZONE):%m/%d/%Y %I:%M:%S %p}",
            "call_from": f"Somebody<{made['from']}>", "call_from_number": made["from"],
            "call_to": made["to"], "call_to_number": made["to"], "duration": made["talk"] + 2,
            "talk_duration": made["talk"], "src_trunk": made["in"], "dst_trunk": made["out"],
            "disposition": made.get("status", "ANSWERED" if made["talk"] else "NO ANSWER"),
            "call_type": made["kind"], "src_addr": "198.51.100.77", "reason": made.get("reason", ""), "pin_code": "",
        }
        for number, made in enumerate(records)
    ]  # fmt: skip


def polled(name: str, uids: str) -> list[AnyEvent]:
    return polled_of(RECORDS[name], uids)


def polled_of(records: list[dict[str, Any]], uids: str) -> list[AnyEvent]:
    reader = YeastarFrames("hq", ZONE, keyed_hash=lambda pin: pin)
    heard = BEGAN + timedelta(minutes=12)
    return accepted([reader.cdr_event(each, heard) for each in rows(records, uids)])


def exported(name: str, uids: str) -> list[AnyEvent]:
    return exported_of(RECORDS[name], uids)


def exported_of(records: list[dict[str, Any]], uids: str) -> list[AnyEvent]:
    """The same as a CSV of the portal."""
    written = io.StringIO()
    names = {"time": "Time", "call_from": "Call From", "call_to": "Call To", "duration": "Call Duration(s)",
             "talk_duration": "Talk Duration(s)", "disposition": "Status", "src_trunk": "Source Trunk",
             "dst_trunk": "Destination Trunk", "call_type": "Communication Type", "reason": "Reason",
             "call_id": "Call ID", "uid": "UID"}  # fmt: skip
    table = csv.DictWriter(written, names, extrasaction="ignore", lineterminator="\n")
    table.writerow(names)
    table.writerows(rows(records, uids))
    options = FormatOptions(pbx="hq", zone=ZONE, year=None, keyed_hash=lambda pin: pin)
    reader = formats()["yeastar-cdr"](options)
    found = [each for line in written.getvalue().splitlines() for each in reader.read(line.encode())]
    return accepted([*found, *reader.close()])


def accepted(found: Any) -> list[AnyEvent]:
    assert not [each for each in found if isinstance(each, Rejected)]
    return list(found)


def ledger_of(made: Engine) -> Ledger:
    return made._states["hq", False].ledger


def process(made: Engine, events: list[AnyEvent]) -> Ledger:
    for event in events:
        made.process(event)
    assert not made.errors
    return ledger_of(made)


def outward(ledger: Ledger) -> list[tuple[str, str, int]]:
    """Number, trunk and seconds of talk of each leg that cost something."""
    return sorted((leg.destination, leg.trunk, leg.talk // 1_000_000)
                  for leg in ledger.legs.values() if leg.direction in OUTWARD)  # fmt: skip


def expected(name: str) -> list[tuple[str, str, int]]:
    return sorted((READ_AS[made["to"]], made["out"], made["talk"]) for made in RECORDS[name] if made["out"])


WAYS = {
    "pushed": lambda name, uids: [*live(name), *ends(name, uids)],
    "pushed over both transports": lambda name, uids: [*live(name), *live(name), *ends(name, uids), *ends(name, uids)],
    "pushed and polled": lambda name, uids: [*live(name), *ends(name, uids), *polled(name, uids)],
    "polled alone": polled,
    "pushed live, polled at the end": lambda name, uids: [*live(name), *polled(name, uids)],
    "exported and polled": lambda name, uids: [*exported(name, uids), *polled(name, uids)],
    "all of it": lambda name, uids: [
        *live(name), *ends(name, uids), *polled(name, uids), *exported(name, uids), *live(name),
    ],
}  # fmt: skip


@pytest.mark.parametrize("uids", UIDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", RECORDS)
def test_each_leg_is_there_once_whatever_tells_of_it(name: str, way: str, uids: str) -> None:
    ledger = process(engine(), WAYS[way](name, uids))
    assert outward(ledger) == expected(name)
    assert ledger.up("trunk", ONE_TRUNK) == []


@pytest.mark.parametrize("uids", UIDS)
@pytest.mark.parametrize("name", RECORDS)
def test_each_leg_is_there_once_in_whatever_order(name: str, uids: str) -> None:
    for seed in ORDERS:
        events = WAYS["all of it"](name, uids)
        Random(seed).shuffle(events)  # noqa: S311 - an order, nothing secret
        ledger = process(engine(), events)
        assert outward(ledger) == expected(name), seed
        assert ledger.up("trunk", ONE_TRUNK) == [], seed


@pytest.mark.parametrize(
    ("name", "until", "up"),
    [
        ("a call out", 3, 1),
        ("forwarded, in and out over one trunk", 0, 0),
        ("forwarded, in and out over one trunk", 20, 1),
        ("a conference with two numbers over one trunk", 0, 1),
        ("a conference with two numbers over one trunk", 24, 2),
        ("two numbers transferred to each other", 64, 2),
    ],
)
def test_as_many_legs_hold_the_trunk_as_there_are(name: str, until: int, up: int) -> None:
    events = [event for event in live(name) if event.at <= BEGAN + timedelta(seconds=until)]
    ledger = process(engine(), [*events, *events])
    assert len(ledger.up("trunk", ONE_TRUNK)) == up
    assert ledger.calls("trunk", ONE_TRUNK) == min(up, 1)


def test_the_record_of_one_leg_leaves_the_others_up() -> None:
    name = "a conference with two numbers over one trunk"
    first, second = ends(name, "one uid for all legs")
    made = engine()
    process(made, [*live(name), first])
    (still,) = ledger_of(made).up("trunk", ONE_TRUNK)
    assert still.destination == READ_AS[B]
    assert process(made, [second]).up("trunk", ONE_TRUNK) == []


def test_whoever_forwards_is_charged_with_the_leg_that_goes_out() -> None:
    ledger = process(engine(), live("forwarded, in and out over one trunk"))
    (leg,) = ledger.up("trunk", ONE_TRUNK)
    assert (leg.extension, leg.direction, leg.destination) == ("2104", "transit", READ_AS[A])


def test_who_forwards_may_become_known_after_the_leg_went_out() -> None:
    began, later = (
        Call(pbx="hq", id="out", revision=revision, at=BEGAN, phase="started", call_id=CALL, leg="PJSIP/carrier-a-1",
             direction="transit", to=A, trunk=ONE_TRUNK, trunk_in=ONE_TRUNK, on_behalf_of=owner)
        for revision, owner in ((0, None), (1, "2104"))
    )  # fmt: skip
    ledger = process(engine(), [began, later])
    assert [leg.extension for leg in ledger.up("extension", "2104")] == ["2104"]


def test_a_call_that_failed_before_it_had_a_trunk_is_the_one_of_its_record() -> None:
    reader = YeastarFrames("hq", ZONE, keyed_hash=lambda pin: pin)
    message = {"call_id": CALL, "reason": "NO Outbound Restriction", "to": A, "members": None}
    failed = accepted(reader.read({"type": 30015, "sn": "1", "msg": json.dumps(message)}, BEGAN))
    name = "busy at first, then answered"
    record = polled(name, "no uid")[:1]
    for events in ([*failed, *record], [*record, *failed]):
        assert len(process(engine(), events).legs) == 1


def test_a_row_that_was_sent_again_hours_later_changes_nothing() -> None:
    """What is read again after an outage: the leg is forgotten by then, its id is not."""
    name = "forwarded, in and out over one trunk"
    made = engine(settings())
    later = Call(pbx="hq", id="x", at=BEGAN + timedelta(hours=3), phase="started", call_id="x", direction="internal")
    process(made, [*live(name), *ends(name, "no uid"), later])
    assert process(made, polled(name, "one uid for all legs")).legs.keys() == {later.call_id + "\x1f"}


UNSEEN = [incoming("ALERT"), out("1", A, "RING")], [incoming("ANSWERED"), out("1", A, "ANSWER")]
SENDERLESS: list[Frame] = [(after, 30011, members) for after, members in zip((12, 20), UNSEEN, strict=True)]
FORWARDED = RECORDS["forwarded, in and out over one trunk"]
LEARNT = {
    "by a frame, then by the API": [*ends_of(FORWARDED, "one uid for all legs"), *polled_of(FORWARDED, "no uid")],
    "live without who forwards, by a frame, then by the API": [
        *pushed(SENDERLESS), *ends_of(FORWARDED, "no uid"), *polled_of(FORWARDED, "no uid"),
    ],
    "live without who forwards, then by the API": [*pushed(SENDERLESS), *polled_of(FORWARDED, "no uid")],
    "by the API, then by a frame": [*polled_of(FORWARDED, "no uid"), *ends_of(FORWARDED, "no uid")],
    "by the export, then live": [*exported_of(FORWARDED, "no uid"), *pushed(SENDERLESS)],
}  # fmt: skip


@pytest.mark.parametrize("way", LEARNT)
def test_whoever_forwards_is_charged_though_only_the_record_knows(way: str) -> None:
    """The caller, whose number stands in the record as well, is nobody of ours."""
    made = engine(settings(rules={"call.forwarding": {"calls": 1}, "call.cost": {"amount": 1}}))
    findings = [finding for event in LEARNT[way] for finding in made.process(event)]
    assert not made.errors
    assert {leg.extension for leg in ledger_of(made).legs.values() if leg.direction in OUTWARD} == {"2104"}
    accused = [(each.rule, each.subject.id) for each in findings if isinstance(each, Detection)]
    assert accused.count(("call.forwarding", "2104")) == accused.count(("call.cost", "2104")) == 1


def test_who_sent_a_call_on_outweighs_who_made_it() -> None:
    """1001 calls 2104, which forwards: what 30012 names is the caller, what the API adds is the forwarder."""
    records = [row(12, "1001", A, 600, ONE_TRUNK, reason=f"2104 forwarded to {A}")]
    for events in (ends_of(records, "no uid"), polled_of(records, "no uid")), (polled_of(records, "no uid"), []):
        ledger = process(engine(), [event for some in events for event in some])
        assert [leg.extension for leg in ledger.legs.values()] == ["2104"]


@pytest.mark.parametrize("late", [False, True], ids=["from the beginning", "only later"])
@pytest.mark.parametrize("direction", ["outbound", None, "sideways"])
@pytest.mark.parametrize("number", ["411", "1888", "3201"])
def test_a_number_over_a_trunk_is_outside_whatever_its_length(number: str, direction: str, late: bool) -> None:
    first, later = (
        Call(pbx="hq", id=f"c/{phase}", at=BEGAN, phase=phase, call_id="c", leg="1", direction=direction,
             extension="2104", to=number, trunk=trunk)
        for phase, trunk in (("started", None if late else ONE_TRUNK), ("answered", ONE_TRUNK))
    )  # fmt: skip
    ledger = process(engine(), [first, later])
    (leg,) = ledger.up("extension", "2104")
    assert (leg.direction, leg.destination, leg.trunk) == ("outbound", number, ONE_TRUNK)
    assert leg.klass not in {"", "internal"}


def test_a_call_of_unknown_direction_over_two_trunks_passes_through() -> None:
    call = Call(pbx="hq", id="c", at=BEGAN, phase="started", call_id="c", to=A, trunk="b", trunk_in="a")
    (leg,) = process(engine(), [call]).up("trunk", "b")
    assert leg.direction == "transit"


def test_a_call_of_unknown_direction_that_holds_no_trunk_costs_nothing() -> None:
    ledger = process(engine(), [Call(pbx="hq", id="c", at=BEGAN, phase="started", call_id="c", to=A)])
    assert [leg.direction for leg in ledger.legs.values()] == [""]


def test_talk_counts_by_whatever_word_the_record_says_it_was_answered() -> None:
    records = [row(0, "2104", A, 60, ONE_TRUNK, status="PICKED UP")]
    assert outward(process(engine(), polled_of(records, "no uid"))) == [(READ_AS[A], ONE_TRUNK, 60)]
