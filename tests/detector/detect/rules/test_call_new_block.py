"""Many calls or minutes to a block of numbers that is new here (C28)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    GERMANY,
    HOME,
    HOUR,
    LATVIA,
    NIGHT,
    SOMALIA,
    branch,
    call,
    cdr,
    decisions,
    detections,
    fired,
    refused,
    run,
    settings,
    watched,
)

RULE = "call.new_block"


def calls(count, apart=60, talk=30, to=SOMALIA, start=0):
    return [cdr(start + apart * n, talk, f"{to[:-2]}{n:02}", str(1010 + n % 20), call=f"{to}{start + apart * n}")
            for n in range(count)]  # fmt: skip


BRANCH = branch(LATVIA)
CASES = [
    ("one below the limit", calls(9), []),
    ("at the limit", calls(10), [570]),
    ("one past the limit", calls(11), [570]),
    ("starts over", calls(20), [570, 1_170]),
    ("within the window", calls(10, 99), [921]),
    ("slow drip", calls(30, 101), []),
    ("out of order", [calls(10)[n] for n in (9, 1, 2, 3, 4, 0, 5, 6, 8, 7)], [450]),
    ("twice the same event", [event for event in calls(9) for _ in "ab"], []),
    ("several legs of one call", [cdr(n, 9, call="a", leg=str(n)) for n in range(20)], []),
    ("minutes below the limit", calls(3, HOUR, 4_799), []),
    ("minutes at the limit", calls(3, HOUR, 4_800), [2 * HOUR + 4_800]),
    ("minutes over more than a day", calls(3, DAY / 2, 4_800), []),
    ("minutes start over", calls(6, 2 * HOUR, 4_800), [4 * HOUR + 4_800, 10 * HOUR + 4_800]),
    ("nobody answers", [refused(n, f"{SOMALIA[:-2]}{n:02}") for n in range(20)], []),
    ("all over a country that is new", [cdr(60 * n, 30, f"90112526{n:02}34567") for n in range(10)], [570]),
    (
        "all over a country that is called every day",
        [*BRANCH, *(cdr(60 * n, 30, f"90113716{n:02}34567") for n in range(20))],
        [],
    ),
    ("while they are up", [call(60 * n, f"{SOMALIA[:-2]}{n:02}", phase="answered") for n in range(10)], [540]),
    ("two blocks", [*calls(9), *calls(9, to=LATVIA, start=5)], []),
    ("a new honest customer abroad", [cdr(n * HOUR, 900, GERMANY, call=f"c{n}") for n in range(5)], []),
    ("an overseas branch called every day", [*BRANCH, *calls(40, 60, 600, LATVIA)], []),
    ("called on two days before", [*branch(LATVIA, [-2, -1]), *calls(10, to=LATVIA)], [570]),
    ("a call centre at home", calls(60, 5, 20, HOME), []),
    ("emergencies", [call(n, EMERGENCY, str(1010 + n)) for n in range(20)], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_new_block(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_is_critical_once_the_pbx_is_known() -> None:
    new, known = run(calls(10)), run([*watched(), *calls(10)])
    assert [each.severity for found in (new, known) for each in detections(found, RULE)] == ["info", "critical"]
    assert decisions(new) == []
    assert "restrict_extension" in {each.action for each in decisions(known)}


@pytest.mark.parametrize(("start", "severity"), [(0, "warning"), (NIGHT, "critical")], ids=["by day", "at night"])
def test_minutes_with_a_new_customer_are_only_a_warning(start, severity) -> None:
    found = run([*watched(), *calls(3, 5_000, 4_800, start=start)])
    assert [each.severity for each in detections(found, RULE)] == [severity]


def test_limits_are_settable() -> None:
    assert fired(calls(2), RULE, settings(rules={RULE: {"calls": 2}})) == [90]
    assert fired(calls(2, HOUR, 600), RULE, settings(rules={RULE: {"minutes": 20}})) == [HOUR + 600]
