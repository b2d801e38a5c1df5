"""What is remembered for some weeks: days, amounts, since when, and by whom, in whatever order it comes."""

from itertools import permutations

import pytest

from detector.memory.ageing import DAY, Daily, LastDays, Regulars, Since
from detector.memory.fields import Memory

LAST, DAILY, SINCE, THIRD, REGULARS = (
    LastDays("last"), Daily("daily"), Since("since"), Since("third", cap=3), Regulars("regulars"),
)  # fmt: skip
WEEKS = 42
PAUSE = WEEKS * DAY


def on(day, hours=12):
    return day * DAY + hours * DAY // 24


DAYS = [
    ("never", [], 100, 0),
    ("today only", [100], 100, 0),
    ("yesterday", [99], 100, 1),
    ("on three days", [95, 97, 99], 100, 3),
    ("twice on one day", [99, 99], 100, 1),
    ("on the last day that counts", [58], 100, 1),
    ("a day longer ago", [57], 100, 0),
    ("longer ago than is remembered", [10, 99], 100, 1),
    ("every day of the last weeks and before", [*range(20, 101)], 100, WEEKS),
    ("asked of a day long before the last", [*range(20, 101)], 80, 41),
    ("later than that of which it is asked", [101, 102], 100, 0),
]


@pytest.mark.parametrize(("days", "today", "found"), [pytest.param(*case[1:], id=case[0]) for case in DAYS])
def test_days_before(days, today, found) -> None:
    for order in (days, days[::-1]):
        memory = Memory()
        for day in order:
            LAST.add(memory, "a", on(day))
        assert LAST.before(memory, "a", on(today), WEEKS) == found


AMOUNTS = [
    ("never", [], (0, 0)),
    ("today only", [(100, 5)], (0, 0)),
    ("added up by day", [(98, 5), (99, 1), (99, 2)], (2, 8)),
    ("too long ago", [(57, 5), (58, 1)], (1, 1)),
    ("of the last days only", [(day, 1) for day in range(70, 100)], (16, 16)),
]


@pytest.mark.parametrize(("amounts", "found"), [pytest.param(*case[1:], id=case[0]) for case in AMOUNTS])
def test_amounts_before(amounts, found) -> None:
    for order in (amounts, amounts[::-1]):
        memory = Memory()
        for day, amount in order:
            DAILY.add(memory, "a", on(day), amount)
        assert DAILY.before(memory, "a", on(100), WEEKS) == found


SINCES = [
    ("never", [], None, None),
    ("once", [90], on(90), None),
    ("three times", [90, 91, 95], on(90), on(95)),
    ("more often", [90, 91, 95, 96, 97], on(90), on(95)),
    ("until too long ago", [40, 50, 57], None, None),
    ("begun anew after a pause", [20, 21, 22, 99], on(99), None),
    ("again and again for a year", [*range(0, 100, 30)], on(0), on(60)),
]


@pytest.mark.parametrize(("days", "once", "third"), [pytest.param(*case[1:], id=case[0]) for case in SINCES])
def test_since(days, once, third) -> None:
    memory = Memory()
    for day in days:
        SINCE.add(memory, "a", on(day), PAUSE)
        THIRD.add(memory, "a", on(day), PAUSE)
    assert SINCE.since(memory, "a", on(100), PAUSE) == once
    assert THIRD.since(memory, "a", on(100), PAUSE) == third


def test_what_goes_on_does_not_age() -> None:
    memory = Memory()
    SINCE.go_on(memory, "a", on(1), PAUSE)
    assert SINCE.since(memory, "a", on(1), PAUSE) is None
    SINCE.add(memory, "a", on(1), PAUSE)
    for day in range(1, 300, 40):
        SINCE.go_on(memory, "a", on(day), PAUSE)
    assert SINCE.since(memory, "a", on(300), PAUSE) == on(1)
    SINCE.go_on(memory, "a", on(400), PAUSE)
    assert SINCE.since(memory, "a", on(400), PAUSE) is None


COMING = [
    ("today only", [(1, 100)], set()),
    ("on an earlier day", [(1, 99), (2, 100), (1, 100)], {1}),
    ("too long ago", [(1, 57), (2, 58)], {2}),
    ("back today after a pause", [(1, 60), (1, 100)], {1}),
    ("back today after too long a pause", [(1, 40), (1, 100)], set()),
    ("newcomers drive nobody out", [*((who, 99) for who in range(16)), *((who, 100) for who in range(16, 99))],
     set(range(16))),
    ("whoever is gone makes room", [*((who, 40) for who in range(16)), (77, 99)], {77}),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "found"), [pytest.param(*case[1:], id=case[0]) for case in COMING])
def test_regulars(seen, found) -> None:
    memory = Memory()
    for who, day in seen:
        REGULARS.add(memory, "a", who, on(day), PAUSE)
    assert REGULARS.before(memory, "a", on(100), PAUSE) == found
    assert len(memory.page("regulars", "a") or b"") <= 16 * 3 * 8


def test_the_order_of_what_comes_late_is_no_matter() -> None:
    pages = set()
    for order in permutations([(1, 90), (2, 91), (1, 95)]):
        memory = Memory()
        for who, day in order:
            REGULARS.add(memory, "a", who, on(day), PAUSE)
            LAST.add(memory, "a", on(day))
            DAILY.add(memory, "a", on(day), who)
        found = REGULARS.before(memory, "a", on(92), PAUSE), REGULARS.before(memory, "a", on(91), PAUSE)
        pages.add((found, memory.page("last", "a"), memory.page("daily", "a")))
    assert len(pages) == 1


def test_what_is_seen_again_at_once_is_not_written_again() -> None:
    memory = Memory()
    for seconds in range(3):
        memory.dirty.clear()
        SINCE.add(memory, "a", on(1) + seconds, PAUSE)
        LAST.add(memory, "a", on(1) + seconds)
        REGULARS.add(memory, "a", 1, on(1) + seconds, PAUSE)
    assert not memory.dirty
