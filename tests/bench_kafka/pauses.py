"""A worker that notes when its event loop did not come round: for garbage, a checkpoint, or whatever else."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.kafka import fleet

EVERY = 0.001
NOTED = 0.002


def program(command: Sequence[str], environment: Mapping[str, str], stdout: Path, stderr: Path) -> None:
    """What a member of the fleet runs."""
    asyncio.set_event_loop_policy(Watched(noted_by(stderr)))
    fleet.work(command, environment, stdout, stderr)


def noted_by(stderr: Path) -> Path:
    """Where the worker with this `stderr` notes its pauses."""
    return stderr.with_suffix(".pauses")


def longest(member: fleet.Member, since: float) -> float:
    """The longest pause of a worker in milliseconds since a time of the monotonic clock."""
    lines = (line.split() for line in noted_by(member.stderr).read_text().splitlines())
    return 1_000 * max((float(late) for at, late in lines if float(at) >= since), default=NOTED)


class Watched(asyncio.DefaultEventLoopPolicy):
    """Notes in `file` by how much a callback came late that the main thread's loop owes every millisecond."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._notes = file.open("a", buffering=1)

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Watched if it is the main thread's."""
        loop = super().new_event_loop()
        if threading.current_thread() is threading.main_thread():
            loop.call_soon(self._look, loop, loop.time())
        return loop

    def _look(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        late = loop.time() - due
        if late > NOTED:
            self._notes.write(f"{due} {late}\n")
        due = loop.time() + EVERY
        loop.call_at(due, self._look, loop, due)
