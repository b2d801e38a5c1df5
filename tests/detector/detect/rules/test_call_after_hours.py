"""Calls at night, at weekends, on holidays, in the PBX's own time (C24)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    HOME,
    HOUR,
    NIGHT,
    PREMIUM,
    SOMALIA,
    call,
    cdr,
    decisions,
    detections,
    fired,
    incidents,
    run,
    settings,
    whole,
)

RULE = "call.after_hours"
EVENING = 6 * HOUR
"""18:00 in New York, when the office closes."""
CASES = [
    ("in the office's last second", [call(EVENING - 1)], []),
    ("as the office closes", [call(EVENING)], [EVENING]),
    ("a second later", [call(EVENING + 1)], [EVENING + 1]),
    ("out of order", [call(NIGHT + 60), call(NIGHT)], [NIGHT + 60]),
    ("at night", [call(NIGHT)], [NIGHT]),
    ("before the office opens", [call(20 * HOUR - 1)], [20 * HOUR - 1]),
    ("as it opens", [call(20 * HOUR)], []),
    ("Saturday at noon", [call(3 * DAY)], [3 * DAY]),
    ("Christmas at noon, a Friday", [call(296 * DAY)], [296 * DAY]),
    ("the Thursday before", [call(295 * DAY - DAY)], []),
    ("once in a quarter of an hour", [call(NIGHT), call(NIGHT + 899), call(NIGHT + 900)], [NIGHT, NIGHT + 900]),
    ("slow drip", [call(NIGHT + 3_600 * n) for n in range(4)], [NIGHT + 3_600 * n for n in range(4)]),
    ("twice the same event", [call(NIGHT)] * 2, [NIGHT]),
    ("once a call, whatever its order", whole(NIGHT, 60)[::-1], [NIGHT + 60]),
    ("begun in time, ended late", whole(EVENING - 60, 600), []),
    ("a record of one begun in time", [cdr(EVENING - 60, 600)], []),
    ("a record of one begun at night", [cdr(20 * HOUR - 60, 600)], [20 * HOUR + 540]),
    ("at home", [call(NIGHT, HOME)], [NIGHT]),
    ("abroad after one at home", [call(NIGHT, HOME), call(NIGHT + 1)], [NIGHT, NIGHT + 1]),
    ("emergency", [call(NIGHT, EMERGENCY)], []),
    ("internal", [call(NIGHT, "1008", direction="internal")], []),
    ("a call that came in", [call(NIGHT, SOMALIA, direction="inbound")], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_after_hours(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(("to", "severity"), [(HOME, "info"), (SOMALIA, "warning"), (PREMIUM, "warning")])
def test_only_what_costs_is_a_warning(to, severity) -> None:
    found = run([call(NIGHT, to)])
    assert detections(found, RULE)[0].severity == severity
    if to == HOME:
        assert incidents(found) == []
        assert decisions(found) == []


@pytest.mark.parametrize(
    ("nights", "days", "severity"),
    [(2, 3, "warning"), (3, 3, "info"), (4, 3, "info"), (1, 1, "info"), (4, 0, "warning")],
)
def test_a_country_that_is_called_night_after_night_is_information(nights, days, severity) -> None:
    found = run([call(NIGHT + n * DAY) for n in range(nights + 1)], settings(rules={RULE: {"days": days}}))
    assert detections(found, RULE)[-1].severity == severity


def abroad(*days, extension="1008"):
    return [call(day * DAY + NIGHT, f"9011{code}21234567", extension) for day, code in zip(days, CODES, strict=False)]


CODES = (30, 33, 34, 39, 41, 43)


@pytest.mark.parametrize(
    ("before", "severity"),
    [
        (abroad(-5, -4, -3, -2), "warning"),
        (abroad(-6, -5, -4, -3, -2), "info"),
        (abroad(-20, -19, -18, -17, -2), "warning"),
        (abroad(0, extension="1009") * 5, "warning"),
    ],
    ids=["four nights", "five", "long ago", "only this night"],
)
def test_a_pbx_that_calls_abroad_by_night(before, severity) -> None:
    found = run([*before, call(NIGHT + 60)])
    assert [each.severity for each in detections(found, RULE) if each.subject.id == "1007"] == [severity]


def test_a_night_shift_has_hours_of_its_own() -> None:
    own = settings(pbx={"groups": {"night": {"members": ["1008"], "business_hours": {"mon-sun": "18:00-08:00"}}}})
    assert fired([call(NIGHT, extension="1008"), call(NIGHT)], RULE, own) == [NIGHT]
    assert detections(run([call(NIGHT, extension="1008"), call(NIGHT)], own), RULE)[0].subject.id == "1007"


def test_the_time_zone_is_the_pbx_s() -> None:
    berlin = settings(timezone="Europe/Berlin", region="US")
    assert fired([call(0)], RULE, berlin) == [0]


def test_limits_of_the_pbx_and_of_one_extension() -> None:
    own = settings(rules={RULE: {"pause": 60}}, pbx={"extensions": {"1008": {"rules": {RULE: {"pause": "1h"}}}}})
    assert fired([call(NIGHT), call(NIGHT + 60)], RULE, own) == [NIGHT, NIGHT + 60]
    assert fired([call(NIGHT, extension="1008"), call(NIGHT + 60, extension="1008")], RULE, own) == [NIGHT]
