"""One number at home is called far more than a firm calls anybody (C27)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    HOME,
    HOUR,
    SOMALIA,
    cdr,
    decisions,
    fired,
    incidents,
    run,
    settings,
)

RULE = "call.domestic_pumping"
CONFIGURED = settings(rules={RULE: {"calls": 20, "talk": "2h"}})


def pumped(count, apart=30, to=HOME, talk=60, **more):
    return [cdr(apart * n, talk, to, **more) for n in range(count)]


CASES = [
    ("one below the limit", pumped(19), []),
    ("at the limit", pumped(20), [630]),
    ("one past the limit", pumped(21), [630]),
    ("starts over", pumped(40), [630, 1_230]),
    ("nobody answers", pumped(20, talk=0), [570]),
    ("slow drip", pumped(60, 1_200), []),
    ("long calls", pumped(2, 4_000, talk=3_600), [7_600]),
    ("long calls, one second short", [cdr(0, 3_600, HOME), cdr(4_000, 3_599, HOME)], []),
    ("over several extensions", [cdr(30 * n, 60, HOME, str(1010 + n)) for n in range(20)], [630]),
    ("many numbers of one block, below three times as many",
     [cdr(30 * n, 60, f"91212555{n:04}") for n in range(59)], []),
    ("many numbers of one block", [cdr(30 * n, 60, f"91212555{n:04}") for n in range(60)], [1_830]),
    ("many numbers of many blocks", [cdr(30 * n, 60, f"9121255{n:05}") for n in range(0, 6_000, 100)], []),
    ("as busily on three earlier days", [cdr(day * DAY + 60 * n, 30, HOME) for day in (-3, -2, -1) for n in range(6)]
     + pumped(20), []),
    ("as busily on two earlier days", [cdr(day * DAY + 60 * n, 30, HOME) for day in (-3, -2) for n in range(6)]
     + pumped(20), [630]),
    ("out of order", [pumped(20)[n] for n in (19, *range(19))], [600]),
    ("twice the same event", [event for event in pumped(19) for _ in "ab"], []),
    ("abroad", pumped(30, to=SOMALIA), []),
    ("emergencies", pumped(30, to=EMERGENCY), []),
    ("inside", pumped(30, to="1002", trunk=None), []),
    ("short, but over a trunk", pumped(30, to="1002"), [630.0]),
    ("comes in", pumped(30, direction="inbound"), []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_domestic_pumping(events, seconds) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds


def test_the_extension_is_named_and_nobody_is_contained() -> None:
    found = run(pumped(200, 20))
    (incident,) = incidents(found)
    assert ("extension", "1007") in {(each.kind, each.id) for each in incident.subjects}
    assert decisions(found) == []


def test_a_call_centre_that_calls_many_people_is_quiet() -> None:
    events = [cdr(20 * n, 15, f"91{212 + n % 7}55{n % 97:02}{n % 1_000:03}", str(1001 + n % 9)) for n in range(9 * 180)]
    assert fired(events, RULE) == []


def test_limits_hold_by_default_for_an_hour_of_redialling() -> None:
    assert fired(pumped(149, 24), RULE) == []
    assert fired(pumped(150, 24), RULE) == [149 * 24 + 60]
    assert fired(pumped(HOUR // 60, 60), RULE) == []
