"""What is said against an event is said against the timers it asks for, the legs it tells of, and what they cause."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from detector.contract.events import AnyEvent, Call
from detector.contract.findings import AnyFinding
from detector.memory.timers import Timers
from tests.detector.engine.builders import (
    HOUR,
    SOMALIA,
    call,
    decisions,
    detections,
    guesses,
    interrupted,
    moment,
    outcome,
    registration,
    run,
    tick,
    whole,
)

TEXT, SOLID = {"trust": "text"}, dict[str, str]()
LONG_AGO = {"received_at": moment(4 * HOUR)}


def up(first: dict[str, object], second: dict[str, object], then: float = 3 * HOUR) -> list[AnyEvent]:
    """A call to Somalia that is up until its price is over the limit, which only time tells."""
    return [call(0, **first), call(0, phase="answered", **second), tick(then)]


def said(found: list[AnyFinding]) -> tuple[set[object], set[bool], set[str]]:
    """By what the rule on costs fired, whether late, and what may be done of it."""
    hits = detections(found, "call.cost")
    assert len(hits) == 1
    return {hit.values.get("trust") for hit in hits}, {hit.late for hit in hits}, {d.mode for d in decisions(found)}


CASES = {  # money is only asked about; the call itself, which is too long, is ended
    "reported as such": (SOLID, SOLID, None, False, {"ask", "auto"}),
    "read out of text": (TEXT, TEXT, "text", False, {"ask"}),
    "begun in text, its answer reported": (TEXT, SOLID, None, False, {"ask", "auto"}),
    "its answer in text": (SOLID, TEXT, "text", False, {"ask"}),
    "history by the time it came": (LONG_AGO, LONG_AGO, None, True, set[str]()),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("again", [False, True], ids=["in one go", "restarted after every event"])
def test_a_timer_rests_on_what_asked_for_it(name: str, again: bool) -> None:
    first, second, trust, late, modes = CASES[name]
    events = up(first, second)
    found = list(interrupted(events)) if again else run(events)
    assert said(found) == ({trust}, {late}, modes)


def test_a_timer_bears_its_doubts_on_to_the_one_it_asks_for() -> None:
    dear = [call(seconds, call="one", phase=phase, **TEXT) for seconds, phase in ((0, "started"), (0, "answered"))]
    late = [call(HOUR, call="two", phase="started", **TEXT), call(HOUR, call="two", phase="answered", **TEXT)]
    found = run([*dear, *late, *(tick(minute * 60) for minute in range(61, 180))])
    assert said(found) == ({"text"}, {False}, {"ask"})


def test_what_came_late_is_late_when_its_timer_comes() -> None:
    events = [tick(600), *up(SOLID, SOLID)]
    assert said(run(events)) == ({None}, {True}, {"ask", "auto"})


@pytest.mark.parametrize(
    ("asked", "left"),
    [((1,), 1), ((1, 1), 1), ((1, 0), 0), ((0, 1), 0), ((5, 4), 4), ((5, 2), 0)],
    ids=["once", "twice in text", "then reported", "reported before", "both history", "nothing in common"],
)
def test_asked_for_twice_what_is_said_against_both_stays(asked: tuple[int, ...], left: int) -> None:
    timers = Timers()
    for timers.doubts in asked:
        timers.wake("rule", "key", 7)
    assert timers.doubts_about((7, "rule", "key")) == left
    again = Timers()
    again.restore({(7, "rule", "key"): left})
    again.doubts = 3
    assert again.due(7) == (7, "rule", "key")
    assert again.doubts == left


FIRST = [*guesses(0), registration(10, "accepted"), *whole(20, 5)]


def confirmed(events: list[AnyEvent], seconds: float) -> list[AnyEvent]:
    return [*events, *(outcome(seconds, each.id, "confirmed") for each in decisions(run(events)))]


@pytest.mark.parametrize(
    ("change", "modes"),
    [(SOLID, {"auto"}), (TEXT, {"ask"}), ({"received_at": moment(150) + timedelta(hours=2)}, set())],
    ids=["reported", "in text", "history"],
)
def test_a_rung_is_climbed_by_calls_that_are_known_well_enough(change: dict[str, object], modes: set[str]) -> None:
    again = [replace(event, **change) for event in whole(120, 5, SOMALIA) if isinstance(event, Call)]
    found = run([*confirmed(FIRST, 100), *again])
    assert {each.mode for each in decisions(found) if each.rung > 1} == modes


@pytest.mark.parametrize(
    ("change", "modes"),
    [(SOLID, {"auto"}), (TEXT, {"ask"}), ({"received_at": moment(20) + timedelta(hours=2)}, set())],
    ids=["reported", "in text", "history"],
)
def test_what_fails_climbs_for_calls_that_are_known_well_enough(change: dict[str, object], modes: set[str]) -> None:
    stolen = [*guesses(0), registration(10, "accepted"), call(12), call(13, phase="ended", call="1007@12", talk=0)]
    begun = [call(20, **change), call(20, phase="answered", **change)]
    restrict = decisions(run(stolen), "restrict_extension")[0]
    found = run([*stolen, *begun, outcome(70, restrict.id, "failed")])
    assert {each.mode for each in decisions(found) if each.rung > 1} == modes
