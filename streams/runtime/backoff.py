"""How long to wait before the next try: doubling, with jitter, so that many do not come back at once."""

from random import SystemRandom

RANDOM = SystemRandom()


class Backoff:
    """Waits of half to all of `first`, twice that, up to `most` seconds; `reset` after a success."""

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self._step = first

    def next(self) -> float:
        """Seconds to wait before this try."""
        wait = self._step * RANDOM.uniform(0.5, 1.0)
        self._step = min(self._step * 2, self._most)
        return wait

    def reset(self) -> None:
        """It worked: begin again with the shortest wait."""
        self._step = self._first
