"""The embedded runtime over a data folder, and a process with it that says what was answered and dies as told."""

import asyncio
import contextlib
import os
import resource
import signal
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from detector.contract.events import AnyEvent
from streams.config.installation import Installation, core_settings
from streams.runtime.embedded import Embedded
from streams.runtime.partition import Partition
from streams.runtime.tables import tables
from streams.store.checkpoints import SqlCheckpoints
from streams.store.database import open_engine
from streams.store.journal.journal import Journal
from streams.store.migrate import migrate
from streams.store.stream import StreamStore

T = TypeVar("T")


def settings_of(data: Path) -> Installation:
    auto = ("call.premium", "call.suspect", "registration.bruteforce", "registration.new_place")
    rules: dict[str, Any] = {rule: {"mode": "auto"} for rule in auto} | {"call.duration": {"limit_abroad": 1}}
    return Installation.model_validate({"data": data, "defaults": {"rules": rules}, "pbxs": [{"id": "hq"}]})


class Opened:
    """The runtime over a data folder, with its stores."""

    def __init__(self, data: Path) -> None:
        settings = settings_of(data)
        self._stream = open_engine(f"sqlite:///{data}/stream.db")
        self._journal = open_engine(f"sqlite:///{data}/journal.db")
        migrate(self._stream, "stream")
        migrate(self._journal, "journal")
        self.store = StreamStore(self._stream)
        self.journal = Journal(self._journal)
        self.checkpoints = SqlCheckpoints(self._stream)
        self.worker = Partition(core_settings(settings), tables(settings), self.checkpoints)
        self.runtime = Embedded(self.worker, self.store, self.journal)

    def dispose(self) -> None:
        self._stream.dispose()
        self._journal.dispose()

    async def settled(self) -> None:
        """Everything is in the journal."""
        async with asyncio.timeout(30):
            while self.store.counts().undelivered:  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.01)


def dying(work: Callable[..., T], count: int) -> Callable[..., T]:
    left = count

    @wraps(work)
    def call(*args: Any, **rest: Any) -> T:
        nonlocal left
        done = work(*args, **rest)
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return call


def arrange_death(opened: Opened, point: str, count: int) -> None:
    owners = {
        "append_and_publish": opened.store,
        "undelivered": opened.store,
        "record": opened.journal.findings,
        "delivered": opened.store,
        "save": opened.checkpoints,
        "cut": opened.store,
    }
    setattr(owners[point], point, dying(getattr(owners[point], point), count))


async def work(opened: Opened, events: Sequence[AnyEvent], say: Callable[[str], object]) -> None:
    await opened.runtime.recover()
    running = asyncio.create_task(opened.runtime.run())
    try:
        for event in events:
            await opened.runtime.put([event])
            say(event.id)
        await opened.settled()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await running
        await opened.runtime.close()


class Child:
    """Puts events one after another; forked, since starting Python takes longer than all its work.

    It dies by SIGKILL right behind the `die_after[1]`th call of `die_after[0]`, or may write no file that is more than
    `room` bytes larger than the largest there is.
    """

    def __init__(
        self,
        data: Path,
        events: Sequence[AnyEvent],
        *,
        die_after: tuple[str, int] | None = None,
        room: int | None = None,
    ) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            self._be_it(data, events, die_after, room, lambda text: os.write(writing, f"{text}\n".encode()))
        os.close(writing)
        self._said = os.fdopen(reading)

    def hear(self) -> str:
        """The next id it says was answered."""
        return self._said.readline().strip()

    def make_room(self) -> None:
        """Files may grow again."""
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    def kill(self) -> None:
        """As by kill -9."""
        os.kill(self.pid, signal.SIGKILL)

    def ended(self) -> tuple[list[str], int]:
        """What it said besides, and how it ended: 0 well, 1 with an error that it says last, or minus a signal."""
        with self._said:
            said = self._said.read().splitlines()
        return said, os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    @staticmethod
    def _be_it(
        data: Path,
        events: Sequence[AnyEvent],
        die_after: tuple[str, int] | None,
        room: int | None,
        say: Callable[[str], object],
    ) -> None:
        code = 1
        try:
            opened = Opened(data)
            if die_after is not None:
                arrange_death(opened, *die_after)
            if room is not None:
                largest = max(file.stat().st_size for file in data.iterdir())
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest + room, resource.RLIM_INFINITY))
            asyncio.run(work(opened, events, say))
            code = 0
        except BaseException as error:
            say(f"{type(error).__name__}: {error}")
        finally:
            os._exit(code)
