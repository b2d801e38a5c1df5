"""Calls that are up too long, seen while they are (C29)."""

import pytest

from tests.detector.engine.builders import (
    EMERGENCY,
    HOME,
    HOUR,
    PREMIUM,
    SOMALIA,
    call,
    cdr,
    detections,
    fired,
    run,
    settings,
    tick,
    whole,
)

RULE = "call.duration"
TWO, FOUR = 2 * HOUR, 4 * HOUR


def up(to, **more):
    return [call(0, to, **more), call(0, to, phase="answered", call="1007@0", **more)]


CASES = [
    ("abroad, one second below the limit", whole(0, TWO - 1), []),
    ("abroad, at the limit", whole(0, TWO), [TWO]),
    ("abroad, seen while it is up", [*up(SOMALIA), tick(TWO)], [TWO]),
    ("abroad, one tick too early", [*up(SOMALIA), tick(TWO - 0.001)], []),
    ("seen once however long it lasts", [*whole(0, 3 * FOUR), tick(4 * FOUR)], [TWO]),
    ("premium at home", [*up(PREMIUM), tick(TWO)], [TWO]),
    ("at home, one second below the limit", whole(0, FOUR - 1, HOME), []),
    ("at home, at the limit", whole(0, FOUR, HOME), [FOUR]),
    ("ringing does not count", [call(0), call(5, phase="answered", call="1007@0"), tick(TWO + 4.999)], []),
    ("answered counts", [call(0), call(5, phase="answered", call="1007@0"), tick(TWO + 5)], [TWO + 5]),
    ("many short calls", [e for s in range(0, 30_000, 1_000) for e in whole(s, 900)], []),
    ("known by its record only", [cdr(0, TWO)], [TWO]),
    ("a record below the limit", [cdr(0, TWO - 1)], []),
    ("a record of a call nobody answered", [cdr(0, TWO, answered_at=None, disposition="no_answer")], []),
    ("the answer was lost", [whole(0, TWO)[0], whole(0, TWO)[2]], [TWO]),
    ("out of order", whole(0, TWO)[::-1], [TWO]),
    ("answer and end come hours late", [*whole(0, TWO)[:1], tick(FOUR), *whole(0, TWO)[1:], tick(FOUR + 1)], [TWO]),
    ("twice the same event", [e for e in whole(0, TWO) for _ in "ab"], [TWO]),
    ("emergency", [*up(EMERGENCY), tick(FOUR)], []),
    ("internal", [*up("1008", direction="internal"), tick(FOUR)], []),
    ("a call that came in", [*up("1007", direction="inbound"), tick(FOUR)], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_duration(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_limits_of_the_pbx_and_of_one_extension() -> None:
    own = settings(rules={RULE: {"limit": "2m", "limit_abroad": "1m"}},
                   pbx={"extensions": {"1008": {"rules": {RULE: {"limit_abroad": "10m"}}}}})  # fmt: skip
    assert fired(whole(0, 60), RULE, own) == [60]
    assert fired(whole(0, 59), RULE, own) == []
    assert fired(whole(0, 120, HOME), RULE, own) == [120]
    assert fired(whole(0, 599, extension="1008"), RULE, own) == []
    assert fired(whole(0, 600, extension="1008"), RULE, own) == [600]


def test_what_it_says() -> None:
    (found,) = detections(run([*up(SOMALIA), tick(FOUR)]), RULE)
    assert found.values["talk"] == TWO
    assert found.summary == "Extension 1007 is on one call for 120 minutes"
    assert found.evidence == ("1007@0//started",)
