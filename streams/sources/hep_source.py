"""The SIP of one PBX, out of packets that were sorted to it, into the log."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime

import structlog
from msgspec import Struct

from detector.contract.codec import to_micros
from detector.formats.format import Reading as Found
from detector.formats.hep.hep_format import Hep
from detector.formats.hep.hep_packet import HepPacket
from streams.runtime.clock import utc_now
from streams.runtime.ingest import Delivery, Ingest, Reading, SourceStatus, received

NAME = "hep"
QUEUED = 50_000
"""Packets, some 30 MB: as much as comes in seconds."""
BATCH = 500
DROPPED = "packets were dropped, for they came faster than they can be read"

log = structlog.get_logger()


class QueuedPacket(Struct, frozen=True, gc=False):
    """A packet and when it came."""

    packet: HepPacket
    data: bytes
    moment: datetime


class HepSource:
    """Reads what is `offered`, as much at a time as there is; after `quiet` seconds what was held back is told.

    What does not fit into the queue is dropped, counted as unread, and told.
    """

    def __init__(
        self, reader: Hep, ingest: Ingest, *, quiet: float = 5.0, most: int = QUEUED,
        now: Callable[[], datetime] = utc_now,
    ) -> None:  # fmt: skip
        self.status = SourceStatus(NAME, reader.options.pbx)
        self._reader = reader
        self._delivery = Delivery(ingest, self.status)
        self._quiet = quiet
        self._most = most
        self._now = now
        self._queue: deque[QueuedPacket] = deque()
        self._came = asyncio.Event()

    def offer(self, packet: HepPacket, data: bytes) -> None:
        """A packet of this PBX; never waits."""
        moment = self._now()
        self.status.heard_at = to_micros(moment)
        if len(self._queue) >= self._most:
            self.lose(1)
            return
        self._queue.append(QueuedPacket(packet, data, moment))
        self._came.set()

    def lose(self, count: int) -> None:
        """So many packets were dropped."""
        if self.status.problem != DROPPED:
            log.warning(DROPPED, source=NAME, pbx=self.status.pbx)
        self.status.problem = self.status.unread_reason = DROPPED
        self.status.unread_sample = ""
        self.status.unread += count

    def is_up(self, problem: str | None) -> None:
        """Where packets come in is open, or is not, and why."""
        self.status.connected, self.status.problem = problem is None, problem
        self.status.connects += problem is None
        if problem is None:
            log.info("connected", source=NAME, pbx=self.status.pbx)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._quiet):
                    await self._came.wait()
            except TimeoutError:
                await self._tell_held()
                continue
            await self._take()

    async def _take(self) -> None:
        queue = self._queue
        taken = [queue.popleft() for _ in range(min(BATCH, len(queue)))]
        if not queue:
            self._came.clear()
        found = [received(each, one.moment) for one in taken for each in self._read(one)]
        await self._hand_over(found)
        if not queue and self.status.connected:
            self.status.problem = None
        await asyncio.sleep(0)  # the socket has its turn

    def _read(self, one: QueuedPacket) -> list[Found]:
        return list(self._reader.read_packet(one.packet, one.data, one.moment))

    async def _tell_held(self) -> None:
        moment = self._now()
        await self._hand_over([received(each, moment) for each in self._reader.close()])

    async def _hand_over(self, found: list[Reading]) -> None:
        self.status.note_unread(self._reader.unread)
        if found:
            await self._delivery.hand_over(found)
