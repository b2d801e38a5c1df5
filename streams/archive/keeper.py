"""Keeps the archive of `ringfence run`: copies the log, and remembers how far."""

import asyncio

import structlog

from detector.contract.codec import Codec, Rejected
from detector.contract.events import AnyEvent, Tick, Unknown
from streams.archive.archive_errors import ArchiveError
from streams.archive.pace import AT_ONCE, Pace
from streams.archive.store import Archive
from streams.archive.tidying import finished
from streams.store.archived import Archived
from streams.store.store_errors import UnavailableError
from streams.store.stream import StreamStore

PIECE = 1_000
MOST_BYTES = 32 * 1024 * 1024
LOOK = 1.0
REST = 30.0

log = structlog.get_logger(__name__)


class Keeper:
    """Copies the log into the archive, in batches, and remembers how far in the log's own database.

    The log is cut only behind that. Ticks are left out: they say nothing. `available` is whether the archive could be
    used the last time.
    """

    def __init__(self, archive: Archive, store: StreamStore, archived: Archived, every: float) -> None:
        self.archive = archive
        self._store = store
        self._archived = archived
        self._pace = Pace(every)
        self._codec = Codec(trusted=True)
        self.available = True

    async def run(self) -> None:
        """Copy until cancelled; while the archive cannot be reached events wait in the log."""
        while True:
            try:
                await asyncio.sleep(LOOK)
                if self.due():
                    await finished(self.step)
                    self.available = True
            except (ArchiveError, UnavailableError) as error:
                self.available = False
                log.warning("archive unavailable, events wait in the log", error=str(error))
                await asyncio.sleep(REST)

    def due(self) -> bool:
        """Whether there is enough for a batch, or something that has waited long enough."""
        waiting = self._store.next_offset() - 1 - self._archived.offset
        return self._pace.ripe(waiting=waiting > 0, full=waiting >= AT_ONCE)

    def step(self) -> None:
        """Copy a batch, then remember it: a crash between the two copies it again into files of the same names."""
        rows, more = self._batch()
        self.archive.write(self._archived.log, [(offset, event) for offset, raw in rows for event in self._read(raw)])
        self._archived.advance(rows[-1][0])
        if not more:
            self._pace.caught_up()

    def _batch(self) -> tuple[list[tuple[int, bytes]], bool]:
        """So many rows and bytes of the log as fit into memory in any case, and whether there may be more."""
        rows: list[tuple[int, bytes]] = []
        size = 0
        while len(rows) < AT_ONCE and size < MOST_BYTES:
            piece = self._store.read(rows[-1][0] if rows else self._archived.offset, PIECE)
            rows += piece
            size += sum(len(raw) for _, raw in piece)
            if len(piece) < PIECE:
                return rows, False
        return rows, True

    def _read(self, raw: bytes) -> list[AnyEvent | Unknown]:
        events = self._codec.decode(raw)
        return [event for event in events if not isinstance(event, Rejected | Tick)]
