"""The time of day as this process believes it: a clock that jumps is not followed until it has proved itself."""

import time
from collections.abc import Callable
from datetime import datetime
from threading import Lock

import structlog

from detector.contract.codec import from_micros

JUMP = 30.0
PROOF = 600.0

log = structlog.get_logger(__name__)


class SteadyClock:
    """Seconds since 1970, carried on by a clock that nobody sets and that runs on while the machine sleeps.

    What time servers correct bit by bit is followed at once. A leap of more than half a minute, forward or back, is a
    mistake more often than not, and would lift blocks, forget windows and call events late: it is followed when the
    wall clock has kept to it for ten minutes.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._lock = Lock()
        self._ahead = wall() - steady()
        self._leapt: tuple[float, float] | None = None
        self._set = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        with self._lock:
            steady = self._steady()
            ahead = self._wall() - steady
            if abs(ahead - self._ahead) <= JUMP:
                self._ahead, self._leapt = ahead, None
            else:
                self._judge(ahead, steady)
            return steady + self._ahead + self._set

    def begin_at(self, seconds: float) -> None:
        """From now on it is another time, for a simulation; the wall clock is followed from there."""
        self._set += seconds - self.now()

    def _judge(self, ahead: float, steady: float) -> None:
        """The wall clock has left us: since when does it say the same?"""
        if self._leapt is None or abs(ahead - self._leapt[0]) > JUMP:
            log.error("the clock jumped and is not followed yet", seconds=round(ahead - self._ahead))
            self._leapt = (ahead, steady)
        elif steady - self._leapt[1] >= PROOF:
            log.warning("the clock is followed", seconds=round(ahead - self._ahead))
            self._ahead, self._leapt = ahead, None


CLOCK = SteadyClock()


def micros_now() -> int:
    """Microseconds since 1970."""
    return int(CLOCK.now() * 1_000_000)


def utc_now() -> datetime:
    """The time, with its zone."""
    return from_micros(micros_now())
