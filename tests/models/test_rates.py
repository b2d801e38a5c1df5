"""The baseline of an hour of the week, on two time scales."""

import pytest

from detector.memory.fields import Memory
from models.rates import METRICS, WEEK, Rates

MODEL = Rates("rates")
FIRST = 491_000 - 491_000 % WEEK
"""An hour since 1970; hours of this test's week begin there."""


def add(memory, hour, calls=1, minutes=2, cost=20, failures=0) -> None:
    for number in range(calls):
        MODEL.learn(memory, "", hour, hour % WEEK, (1, minutes, cost, failures), number % 8)


def weeks(memory, count, calls=20, start=0, **more) -> int:
    """Calls in the hours of work of so many weeks; the hour after them."""
    for week in range(start, start + count):
        for day in range(5):
            for hour in range(9, 17):
                add(memory, FIRST + week * WEEK + day * 24 + hour, calls, **more)
    return FIRST + (start + count) * WEEK


def excess(memory, hour, calls=1, minutes=2, cost=20, failures=0) -> dict[str, float]:
    """What is told after so many calls of an hour that are not learned before."""
    copy = Memory()
    for field, subject in list(memory.dirty):
        copy.restore(field, subject, memory.page(field, subject))
    add(copy, hour, calls - 1, minutes, cost, failures)
    found = MODEL.score(copy, "", hour, hour % WEEK, (1, minutes, cost, failures), calls % 8)
    return {each.name: each.spreads for each in found}


@pytest.fixture
def memory() -> Memory:
    made = Memory()
    weeks(made, 4)
    return made


MONDAY, NIGHT = FIRST + 4 * WEEK + 10, FIRST + 4 * WEEK + 3


@pytest.mark.parametrize(
    ("hour", "given", "told"),
    [
        (MONDAY, {"calls": 20}, set()),
        (MONDAY, {"calls": 60}, {"calls"}),
        (NIGHT, {"calls": 20}, {"calls", "minutes", "destinations"}),
        (NIGHT, {"calls": 1}, set()),
        (MONDAY, {"calls": 20, "minutes": 40}, {"minutes"}),
        (MONDAY, {"calls": 3, "cost": 5_000}, {"cost"}),
        (MONDAY, {"calls": 20, "failures": 1}, {"failures"}),
        (FIRST + 4 * WEEK + 6 * 24 + 10, {"calls": 20}, {"calls", "destinations"}),
    ],
)
def test_what_is_more_than_usual_in_this_hour_is_told(memory, hour, given, told) -> None:
    found = excess(memory, hour, **given)
    assert told <= found.keys()
    assert found.keys() <= set(METRICS)
    if not told:
        assert found == {}


def test_it_is_cold_for_a_week() -> None:
    memory = Memory()
    for day in range(5):
        add(memory, FIRST + day * 24 + 10, 5)
    assert excess(memory, FIRST + 5 * 24, 500) == {}


def test_one_attack_does_not_drag_the_baseline(memory) -> None:
    before = excess(memory, MONDAY + WEEK, 200)["calls"]
    add(memory, MONDAY, 1_000)
    assert excess(memory, MONDAY + WEEK, 200)["calls"] > before / 4


def test_a_slow_ramp_is_still_told_and_shown_by_how_far_the_baselines_are_apart() -> None:
    memory = Memory()
    weeks(memory, 8)
    assert excess(memory, FIRST + 8 * WEEK + 10, 20) == {}
    for week in range(8, 14):
        weeks(memory, 1, round(20 * 1.25 ** (week - 7)), start=week)
    monday = FIRST + 14 * WEEK + 10
    found = {each.name: each for each in MODEL.score(memory, "", monday, monday % WEEK, (1, 2, 20, 0), 1)}
    assert found["calls"].ramp > 1.5
    assert found["calls"].expected < 60


def test_hostile_amounts_neither_stop_it_nor_stay_for_long(memory) -> None:
    for number in range(20):
        MODEL.learn(memory, "", MONDAY, MONDAY % WEEK, (1, 10**9, 10**9, 1), number)
    weeks(memory, 3, start=5)
    assert excess(memory, MONDAY + 4 * WEEK, 20) == {}
    assert excess(memory, MONDAY + 4 * WEEK, 150).keys() >= {"calls"}


def test_state_is_bounded_and_survives_a_restart(memory) -> None:
    held = sum(len(memory.page(*key)) for key in memory.dirty)
    weeks(memory, 10, start=4)
    assert sum(len(memory.page(*key)) for key in memory.dirty) == held < 10_000
    again = Memory()
    for key in memory.dirty:
        again.restore(*key, memory.page(*key))
    for made in (memory, again):
        weeks(made, 1, start=14)
    assert {key: memory.page(*key) for key in memory.dirty} == {key: again.page(*key) for key in memory.dirty}


def test_a_clock_that_jumps_costs_no_more_than_a_week() -> None:
    memory = Memory()
    add(memory, FIRST)
    add(memory, FIRST + 10**7)
    add(memory, FIRST)
    assert memory.get("model rates hour", "")[1] == FIRST + 10**7
