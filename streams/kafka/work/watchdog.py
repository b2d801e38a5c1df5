"""Ends a worker that is alive and does nothing: records wait and none is processed, or its event loop hangs."""

import threading
from collections.abc import Callable, Mapping


class StalledError(RuntimeError):
    """Records wait and nothing happens."""


class WorkProgress:
    """Judges whether a worker gets on, by regular looks at where it stands.

    Looks are counted instead of seconds: a process that was stopped for a while, and woken, has missed nothing.
    """

    def __init__(self, looks: int) -> None:
        self._patience = looks
        self._looks = 0
        self._processed = -1

    def look(self, positions: Mapping[int, int], ends: Mapping[int, int]) -> None:
        """Raises `StalledError` when records waited at so many looks in a row and none at all was processed."""
        behind = sum(
            max(ends[partition] - position, 0) for partition, position in positions.items() if partition in ends
        )
        processed = sum(positions.values())
        self._looks = self._looks + 1 if behind and processed == self._processed else 0
        self._processed = processed
        if self._looks >= self._patience:
            raise StalledError(f"{behind} records wait, and none was processed at {self._looks} looks in a row")

    @property
    def standstill(self) -> int:
        """At how many looks in a row records waited and none was processed."""
        return self._looks

    def excuse(self) -> None:
        """There is a reason to stand still: begin to count anew."""
        self._looks = 0


class Heartbeat:
    """A thread that calls `end` when it woke `looks` times in a row, `every` seconds apart, without any `beat`."""

    def __init__(self, every: float, looks: int, end: Callable[[BaseException], object]) -> None:
        self._every = every
        self._looks = looks
        self._end = end
        self._missed = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()

    def beat(self) -> None:
        """All is well."""
        self._missed = 0

    def _watch(self) -> None:
        while not self._stopped.wait(self._every):
            self._missed += 1
            if self._missed > self._looks:
                self._end(StalledError(f"the event loop has hung for {self._looks * self._every:.0f} s"))
                return
