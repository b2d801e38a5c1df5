"""A PBX that is busier than is usual in this hour of the week (C28)."""

from datetime import timedelta

import pytest

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    HOME,
    HOUR,
    NOON,
    SOMALIA,
    cdr,
    decisions,
    detections,
    fired,
    incidents,
    refused,
    run,
    settings,
    usual,
)

RULE = "pbx.rate"
BEFORE = usual()


def at(seconds, number, talk=60, to=HOME, **more):
    """So many calls from a second on, one every ten seconds, by several extensions: none holds too many at once."""
    return [cdr(seconds + 10 * n, talk, to, str(1003 + n % 5), call=f"{seconds}/{n}", **more) for n in range(number)]


CASES = [
    ("as on other days", at(60, 3), 0),
    ("many calls", at(60, 60), 1),
    ("many calls by night", at(12 * HOUR, 20), 1),
    ("a few calls by night", at(12 * HOUR, 3), 0),
    ("dear calls", at(60, 4, 1_800, SOMALIA), 1),
    ("failures", [refused(60 + 10 * n, HOME, call=f"f{n}") for n in range(40)], 1),
    ("in three hours", [event for hour in range(3) for event in at(60 + hour * HOUR, 60)], 3),
    ("twice the same event", [event for event in at(60, 3) for _ in "ab"], 0),
    ("emergencies", at(60, 60, to=EMERGENCY), 0),
]


@pytest.mark.parametrize(("events", "times"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_pbx_rate(events, times) -> None:
    found = detections(run([*BEFORE, *events]), RULE)
    assert len({each.at.replace(minute=0, second=0) for each in found}) == times


def test_it_says_nothing_before_a_week_is_known() -> None:
    assert fired([*at(-6 * DAY, 20), *at(0, 100)], RULE) == []


def test_what_is_so_every_week_gets_usual() -> None:
    weekly = [event for week in range(14) for event in at(week * 7 * DAY + 6 * HOUR, 30)]
    weeks = [second // (7 * DAY) for second in fired([*BEFORE, *weekly], RULE)]
    assert weeks[0] == 0
    assert weeks[-1] < 8


def test_a_ramp_is_said_though_no_hour_stands_out() -> None:
    """Half as many calls more each week than in the week before."""
    weekly = [event for week in range(14) for day in range(5) for event in
              at((7 * week + day) * DAY, round(4 * 1.5 ** max(0, week - 8)))]  # fmt: skip
    found = detections(run(weekly, settings(rules={RULE: {"spreads": 100, "ramp": 2}})), RULE)
    assert found
    assert all(each.values["ramp"] >= each.values["limit_ramp"] == 2 for each in found)
    assert found[0].at > NOON + timedelta(weeks=9)


def test_it_opens_no_incident() -> None:
    found = run([*BEFORE, *at(60, 60)])
    assert [each.severity for each in detections(found, RULE)] == ["info"]
    assert incidents(found) == decisions(found) == []
