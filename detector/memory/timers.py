"""Timers of one PBX in event time: `(due, owner, key)`, each its own page of a checkpoint, but for those of legs."""

import heapq
from collections.abc import Iterable

Timer = tuple[int, str, str]
SLACK = 64
LEDGER = "ledger"
"""Owner of the timers of legs, two thirds of all: a leg in a checkpoint says when it is due, so they have no pages."""


class Timers:
    """What is to happen when event time passes; the same timer asked for twice fires once.

    `dirty` are timers that came or went since it was last emptied; those of legs are never among them.
    """

    __slots__ = ("_heap", "_pending", "dirty")

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._pending: set[Timer] = set()
        self.dirty: set[Timer] = set()

    def __contains__(self, timer: Timer) -> bool:
        return timer in self._pending

    def __len__(self) -> int:
        return len(self._pending)

    def wake(self, owner: str, key: str, due: int) -> None:
        """Ask for a timer at `due` (microseconds)."""
        timer = (due, owner, key)
        if timer not in self._pending:
            self._pending.add(timer)
            heapq.heappush(self._heap, timer)
            if owner != LEDGER:
                self.dirty.add(timer)

    def cancel(self, owner: str, key: str, due: int) -> None:
        """It is not needed any more; it is no error if it was never asked for."""
        timer = (due, owner, key)
        if timer in self._pending:
            self._pending.discard(timer)
            self.dirty.add(timer)
            if len(self._heap) > 2 * len(self._pending) + SLACK:
                self._heap = list(self._pending)
                heapq.heapify(self._heap)

    def passed(self, at: int) -> bool:
        """Whether a timer may be due at `at`: cheap, and never False when one is."""
        return bool(self._heap) and self._heap[0][0] <= at

    def due(self, at: int) -> Timer | None:
        """Take the next timer that is due at `at`, if any: by time, then owner, then key."""
        while self._heap and self._heap[0][0] <= at:
            timer = heapq.heappop(self._heap)
            if timer in self._pending:
                self._pending.discard(timer)
                if timer[1] != LEDGER:
                    self.dirty.add(timer)
                return timer
        return None

    def restore(self, timers: Iterable[Timer]) -> None:
        """Take all timers from a checkpoint."""
        self._heap = list(timers)
        heapq.heapify(self._heap)
        self._pending = set(self._heap)
