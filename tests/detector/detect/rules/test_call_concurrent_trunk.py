"""More calls on a trunk than it should carry (C28)."""

import pytest

from tests.detector.engine.builders import HOME, call, cdr, decisions, detections, fired, run, settings

RULE = "call.concurrent_trunk"


def held(times, start=0, **more):
    """Calls of different extensions."""
    return [call(start + step, HOME, str(2000 + step), **more) for step in range(times)]


def ended(at, number, **more):
    return call(at, HOME, str(2000 + number), phase="ended", call=f"{2000 + number}@{number}", **more)


def over(times, **more):
    """The records of calls that began one after the other and ended together."""
    return [cdr(n, 1_000 - n, HOME, str(2000 + n), **{"leg": str(n)} | more) for n in range(times)]


CASES = [
    ("one below the limit", held(29), []),
    ("at the limit", held(30), [29]),
    ("one past the limit is not said again at once", held(31), [29]),
    ("said again after a pause", [*held(30), call(328.999, HOME), call(329, HOME)], [29, 329]),
    ("one has ended", [*held(29), ended(28.5, 0), call(29, HOME)], []),
    ("slow drip", [e for n in range(200) for e in (call(n, HOME, str(2000 + n)), ended(n + 0.5, n))], []),
    ("out of order", held(30)[::-1], [0]),
    ("twice the same event", [event for event in held(29) for _ in "ab"], []),
    ("legs of one call on the trunk", [call(leg, HOME, call="one", leg=str(leg)) for leg in range(60)], []),
    ("two trunks", [*held(29), *held(29, start=100, trunk="carrier-b")], []),
    ("no trunk", held(60, trunk=None), []),
    ("calls that came in on it", held(60, direction="inbound"), []),
    ("from trunk to trunk", held(30, direction="transit"), [29]),
    ("records: one below the limit", over(29), []),
    ("records: at the limit", over(30), [1_000]),
    ("records: out of order", over(30)[::-1], [1_000]),
    ("records: thirty, never all at once", [cdr(60 * n, 600, HOME, str(2000 + n)) for n in range(60)], []),
    ("records of one call in many rows", over(60, call="one"), []),
    ("records of calls that came in", over(60, direction="inbound"), []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_concurrent_trunk(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_limits_of_the_pbx_and_of_the_trunk() -> None:
    general = settings(rules={RULE: {"calls": 3}})
    assert fired(held(3), RULE, general) == [2]
    own = settings(rules={RULE: {"calls": 3}}, pbx={"trunks": {"carrier-a": {"max_calls": 5}}})
    assert fired(held(4), RULE, own) == []
    assert fired(held(5), RULE, own) == [4]
    assert fired(held(3, trunk="carrier-b"), RULE, own) == [2]


def test_records_obey_the_limit_of_the_trunk() -> None:
    own = settings(pbx={"trunks": {"carrier-a": {"max_calls": 5}}})
    assert fired(over(4), RULE, own) == []
    (found,) = detections(run(over(5), own), RULE)
    assert (found.values["calls"], found.values["moment"]) == (5, "2026-03-04T17:00:04+00:00")


def test_said_again_when_the_settings_say_so() -> None:
    assert fired(held(33), RULE, settings(rules={RULE: {"pause": 2}})) == [29, 31]


def test_nobody_on_a_busy_trunk_is_restricted() -> None:
    found = run(held(60))
    assert detections(found, RULE)[0].subject.id == "carrier-a"
    assert decisions(found) == []
