"""Long calls night after night to one block of numbers (C24)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    HOME,
    HOUR,
    LATVIA,
    NIGHT,
    branch,
    cdr,
    decisions,
    detections,
    fired,
    incidents,
    run,
    settings,
    whole,
)

RULE = "call.slow_pumping"


def nights(which, talk=1_500, to=LATVIA, at=NIGHT, extension="1007"):
    return [cdr(night * DAY + at, talk, f"{to[:-2]}{n:02}", extension) for n, night in enumerate(which)]


def ends(*which, talk=1_500):
    return [night * DAY + NIGHT + talk for night in which]


CASES = [
    ("one below the limit", nights([0, 1]), []),
    ("at the limit", nights([0, 1, 2]), ends(2)),
    ("each further night", nights(range(5)), ends(2, 3, 4)),
    ("with nights between", nights([0, 5, 10]), ends(10)),
    ("slower than the window", nights([0, 7, 14, 21]), []),
    ("long enough", nights([0, 1, 2], 1_200), ends(2, talk=1_200)),
    ("too short", nights([0, 1, 2], 1_199), []),
    ("several calls of one night", [e for n in range(9) for e in nights([0], at=NIGHT + n * 2_000)], []),
    ("two calls a night", [e for n in range(3) for h in (0, 2) for e in nights([n], at=NIGHT + h * HOUR)], ends(2)),
    ("each night another extension", [e for n in range(3) for e in nights([n], extension=str(1010 + n))], ends(2)),
    ("all over a country", [e for n in range(3) for e in nights([n], to=f"90113712{n}654321")], ends(2)),
    ("all over a country that is called by day",
     [*branch(LATVIA, [-2, -1]), *[e for n in range(5) for e in nights([n], to=f"90113712{n}654321")]], []),
    ("seen while it is up", [e for n in range(3) for e in whole(n * DAY + NIGHT, 1_500, LATVIA)], ends(2)),
    ("out of order", [nights([0, 1, 2])[n] for n in (1, 0, 2)], ends(2)),
    ("twice the same event", [event for event in nights([0, 1]) for _ in "ab"], []),
    ("by day", nights(range(9), at=0), []),
    ("an overseas branch that is called by day as well", [*branch(LATVIA, [-2, -1]), *nights(range(4))], []),
    ("a block that was called by day but once", [*branch(LATVIA, [-1]), *nights(range(3))], ends(2)),
    ("a traveller calling home", nights(range(5), 3_000, HOME), []),
    ("emergencies", nights(range(5), to=EMERGENCY + "  "), []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_slow_pumping(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_is_one_incident_over_all_nights_and_gets_critical() -> None:
    found = run(nights(range(6)))
    (incident,) = incidents(found)
    assert (incident.kind, incident.title) == (
        "slow_pumping", "Extension 1007 is pumping calls night by night to Latvia"
    )  # fmt: skip
    assert [each.severity for each in detections(found, RULE)] == ["warning", "warning", "critical", "critical"]
    assert {each.mode for each in decisions(found)} == {"ask"}, "it may be the night watch who calls the family"


def test_nights_are_settable() -> None:
    assert fired(nights([0, 1]), RULE, settings(rules={RULE: {"nights": 2}})) == ends(1)
