"""Habits as versions kept them that did not let them age: they count as seen until the checkpoint was made."""

from array import array
from collections.abc import Callable

from detector.enrich.habits import (
    FOR_ALL,
    USUAL_SECONDS,
    accepted_since,
    callers,
    good_days,
    shared_since,
    talked,
)
from detector.memory.fields import Days, Memory, Record

DAY = Days.DAY
GONE = ("call.slow_pumping/by day", "call.suspect/habit")
"""What is learned anew within days."""


def take_over(memory: Memory, now: int) -> None:
    """Good addresses and usual numbers without their age count as seen until `now`, in microseconds.

    It is not known when they were last seen: to forget them at once would be to take every office for a stranger.
    """
    for name, keep in KEEPERS.items():
        for subject in memory.subjects(name):
            keep(memory, subject, memory.get(name, subject) or array("q"), now)
            memory.forget(name, subject)
    for name in GONE:
        for subject in memory.subjects(name):
            memory.forget(name, subject)


def keep_good(memory: Memory, address: str, days: Record, now: int) -> None:
    """An address was good on so many days: the last ones."""
    memory.put(good_days.name, address, array("q", (now // DAY - 1, (1 << len(days)) - 1)))


def keep_accepted(memory: Memory, account: str, first: Record, now: int) -> None:
    """An account at an address was accepted from there until now."""
    memory.put(accepted_since.name, account, array("q", (now, *first)))


def keep_shared(memory: Memory, address: str, first: Record, now: int) -> None:
    """Several accounts were accepted from one address until now."""
    memory.put(shared_since.name, address, array("q", (now, *first)))


def keep_called(memory: Memory, name: str, days: Record, now: int) -> None:
    """A block of numbers was called on so many days, by whom and for how long was not asked: for all, and enough."""
    today = now // DAY
    seconds = [number for back in range(len(days), 0, -1) for number in (today - back, USUAL_SECONDS)]
    memory.put(talked.name, name, array("q", seconds))
    first = (today - len(days)) * DAY
    memory.put(callers.name, name, array("q", [number for who in range(FOR_ALL) for number in (2 * who, first, now)]))


KEEPERS: dict[str, Callable[[Memory, str, Record, int], None]] = {
    "good": keep_good, "accepted": keep_accepted, "shared": keep_shared, "called": keep_called,
}  # fmt: skip
