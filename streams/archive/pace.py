"""When a log is to be copied into the archive next: files should be few, and no event wait for long."""

import time

AT_ONCE = 20_000


class Pace:
    """A batch is ripe when it is full, or when something has waited for `every` seconds."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._caught_up_at = time.monotonic()

    def ripe(self, *, waiting: bool, full: bool) -> bool:
        """Whether to copy now."""
        if not waiting:
            self.caught_up()
        return full or (waiting and time.monotonic() - self._caught_up_at >= self._every)

    def caught_up(self) -> None:
        """Nothing waits any more."""
        self._caught_up_at = time.monotonic()
