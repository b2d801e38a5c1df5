"""What one extension spends within a day (C25)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    HOME,
    HOUR,
    LATVIA,
    SOMALIA,
    cdr,
    detections,
    fired,
    refused,
    run,
    settings,
    tick,
    whole,
)

RULE = "call.cost"
CONFIGURED = settings(rules={RULE: {"amount": 9}})
"""Ten minutes to Somalia."""
CASES = [
    ("a minute below the limit", [cdr(0, 540)], []),
    ("at the limit", [cdr(0, 600)], [600]),
    ("a started minute counts", [cdr(0, 541)], [541]),
    ("one past the limit", [cdr(0, 601)], [601]),
    ("several calls", [cdr(0, 300), cdr(HOUR, 300)], [HOUR + 300]),
    ("once a day", [cdr(n * HOUR, 600) for n in range(5)], [600]),
    ("again the day after", [cdr(n * DAY, 600) for n in range(2)], [600, DAY + 600]),
    ("slow drip", [cdr(n * DAY, 540) for n in range(9)], []),
    ("while it is up", [*whole(0, 2_000)[:2], tick(700)], [600]),
    ("while several are up", [*whole(0, 2_000, call="a")[:2], *whole(60, 2_000, call="b")[:2], tick(700)], [330]),
    ("it ended in time", [*whole(0, 530), tick(700)], []),
    ("out of order", [cdr(HOUR, 300), cdr(0, 300)], [300]),
    ("twice the same event", [event for event in [cdr(0, 300)] for _ in "ab"], []),
    ("two extensions", [cdr(0, 540), cdr(0, 540, extension="1008")], []),
    ("a cheaper country", [cdr(0, 840, LATVIA)], []),
    ("at home, however long", [cdr(0, 80_000, HOME)], []),
    ("not answered", [refused(n) for n in range(99)], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_cost(events, seconds) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds


def test_legs_hold_a_trunk_each_and_whoever_forwards_pays() -> None:
    legs = [cdr(0, 300, SOMALIA, "1001", call="a", leg=leg, via="forward", on_behalf_of="1007") for leg in "ab"]
    (found,) = detections(run(legs, CONFIGURED), RULE)
    assert (found.subject.id, found.values["amount"], found.values["limit"]) == ("1007", 9.0, 9.0)
    assert found.summary == "Extension 1007 has spent 9.00 USD within a day"


def test_by_default_an_ordinary_day_abroad_is_no_matter() -> None:
    assert fired([cdr(n * HOUR, 1_800, LATVIA) for n in range(5)], RULE) == []
