"""Keeps the archive of `ringfence run`: copies the log, puts days together, lets old ones go."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import ParamSpec, TypeVar

import structlog

from detector.contract.codec import Codec, Rejected
from detector.contract.events import AnyEvent, Tick, Unknown
from streams.archive.errors import ArchiveError, BusyError, DamagedError
from streams.archive.rewriting import alone, compact, expire, expired, settled
from streams.archive.store import Archive
from streams.clock import utc_now
from streams.store.archived import Archived
from streams.store.errors import UnavailableError
from streams.store.stream import StreamStore

AT_ONCE = 20_000
LOOK = 1.0
REST = 30.0
TIDY_EVERY = 6 * 3_600.0

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger(__name__)


class Keeper:
    """Copies the log into the archive, in batches, and remembers how far in the log's own database.

    The log is cut only behind that. Ticks are left out: they say nothing. `keep` says how long a PBX's events stay.
    """

    def __init__(
        self, archive: Archive, store: StreamStore, archived: Archived, every: float, keep: Callable[[str], timedelta]
    ) -> None:
        self._archive = archive
        self._store = store
        self._archived = archived
        self._every = every
        self._keep = keep
        self._codec = Codec(trusted=True)
        self.up_to_date_at = time.monotonic()

    async def run(self) -> None:
        """Copy until cancelled; while the archive cannot be reached events wait in the log."""
        while True:
            try:
                await asyncio.sleep(LOOK)
                if self.due():
                    await finished(self.step)
            except (ArchiveError, UnavailableError) as error:
                log.warning("archive unavailable", error=str(error))
                await asyncio.sleep(REST)

    async def tidy(self) -> None:
        """Put days together and forget old ones, a few times a day, until cancelled."""
        while True:
            try:
                await self._tidy()
            except BusyError as error:
                log.info("archive left as it is", reason=str(error))
            except ArchiveError as error:
                log.warning("archive unavailable", error=str(error))
            await asyncio.sleep(TIDY_EVERY)

    def due(self) -> bool:
        """Whether there is enough for a batch, or something that has waited long enough."""
        waiting = self._store.next_offset() - 1 - self._archived.offset
        if not waiting:
            self.up_to_date_at = time.monotonic()
            return False
        return waiting >= AT_ONCE or time.monotonic() - self.up_to_date_at >= self._every

    def step(self) -> None:
        """Copy a batch, then remember it: a crash between the two copies it again into files of the same names."""
        rows = self._store.read(self._archived.offset, AT_ONCE)
        self._archive.write(self._archived.log, [(offset, event) for offset, raw in rows for event in self._read(raw)])
        self._archived.advance(rows[-1][0])
        if len(rows) < AT_ONCE:
            self.up_to_date_at = time.monotonic()

    def _read(self, raw: bytes) -> list[AnyEvent | Unknown]:
        events = self._codec.decode(raw)
        return [event for event in events if not isinstance(event, Rejected | Tick)]

    async def _tidy(self) -> None:
        """A day at a time: a service that is told to stop need not wait for all of them."""
        now = utc_now()
        with ExitStack() as held:
            renew = await asyncio.to_thread(held.enter_context, alone(self._archive.files))
            days = await asyncio.to_thread(self._archive.days)
            for folder in settled(days, now.date()):
                await finished(renew)
                if expired(folder, self._keep(folder.pbx), now):
                    await finished(expire, self._archive, folder)
                    continue
                try:
                    await finished(compact, self._archive, folder)
                except DamagedError as error:
                    log.error("archive damaged", error=str(error))


async def finished(work: Callable[P, T], *args: P.args, **rest: P.kwargs) -> T:
    """Work in a thread that is waited for even when we are cancelled: the lock is ours until it has ended."""
    working = asyncio.ensure_future(asyncio.to_thread(work, *args, **rest))
    try:
        return await asyncio.shield(working)
    finally:
        await asyncio.wait([working])
