"""Timers of one PBX in event time: `(due, owner, key)`, each its own page of a checkpoint, but for those of legs."""

import heapq
from collections.abc import Mapping

from detector.memory.doubts import SURE

Timer = tuple[int, str, str]
SLACK = 64
LEDGER = "ledger"
"""Owner of the timers of legs, two thirds of all: a leg in a checkpoint says when it is due, so they have no pages."""


class Timers:
    """What is to happen when event time passes; the same timer asked for twice fires once.

    `dirty` are timers that came or went since it was last emptied; those of legs are never among them. `doubts` are
    those about what is looked at now: a timer that is asked for meanwhile bears them, and once it has come, so does
    what it asks for in its turn.
    """

    __slots__ = ("_doubted", "_heap", "_pending", "dirty", "doubts")

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._pending: set[Timer] = set()
        self._doubted: dict[Timer, int] = {}
        self.dirty: set[Timer] = set()
        self.doubts = SURE

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
                if self.doubts:
                    self._doubted[timer] = self.doubts
        elif timer in self._doubted:
            self._vouch(timer)

    def doubts_about(self, timer: Timer) -> int:
        """What is said against a timer that is pending."""
        return self._doubted.get(timer, SURE)

    def cancel(self, owner: str, key: str, due: int) -> None:
        """It is not needed any more; it is no error if it was never asked for."""
        timer = (due, owner, key)
        if timer in self._pending:
            self._pending.discard(timer)
            self._doubted.pop(timer, None)
            self.dirty.add(timer)
            if len(self._heap) > 2 * len(self._pending) + SLACK:
                self._heap = list(self._pending)
                heapq.heapify(self._heap)

    def passed(self, at: int) -> bool:
        """Whether a timer may be due at `at`: cheap, and never False when one is."""
        return bool(self._heap) and self._heap[0][0] <= at

    def due(self, at: int) -> Timer | None:
        """Take the next timer that is due at `at`, if any: by time, then owner, then key; `doubts` are its own then."""
        while self._heap and self._heap[0][0] <= at:
            timer = heapq.heappop(self._heap)
            if timer in self._pending:
                self._pending.discard(timer)
                self.doubts = self._doubted.pop(timer, SURE) if self._doubted else SURE
                if timer[1] != LEDGER:
                    self.dirty.add(timer)
                return timer
        return None

    def restore(self, timers: Mapping[Timer, int]) -> None:
        """Take all timers from a checkpoint, each with its doubts."""
        self._heap = list(timers)
        heapq.heapify(self._heap)
        self._pending = set(self._heap)
        self._doubted = {timer: doubts for timer, doubts in timers.items() if doubts}

    def _vouch(self, timer: Timer) -> None:
        """It is asked for once more: what is said against both stays."""
        left = self._doubted[timer] & self.doubts
        if left != self._doubted[timer]:
            self.dirty.add(timer)
            self._doubted[timer] = left
        if not left:
            del self._doubted[timer]
