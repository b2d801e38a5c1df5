"""What syslog brings of one PBX: a bounded queue, read as its log is, and handed over."""

import asyncio
import dataclasses
from collections.abc import Sequence

from msgspec.structs import replace

from detector.contract.codec import Rejected
from detector.contract.vocabulary import Trust
from detector.formats import FormatOptions, formats
from detector.formats.format import Reading as Found
from streams.config.sources.syslog_settings import SyslogSenders
from streams.runtime.clock import micros_now, utc_now
from streams.runtime.ingest import Delivery, Ingest, Reading, SourceStatus, received

NAME = "syslog"
QUEUED = 10_000
BATCH = 500

Message = tuple[bytes, bool]
"""And whether anybody may have sent it."""


class SyslogInbox:
    """Messages of one PBX. `dropped` counts those that came by UDP when the queue was full.

    What anybody can have sent, as over UDP from another machine, is read apart and marked as text, which alone contains
    nobody: nothing of it can change what the other messages tell. Seconds: `quiet` until what was held back is told.
    """

    def __init__(
        self, senders: SyslogSenders, options: FormatOptions, ingest: Ingest, *, quiet: float = 5.0
    ) -> None:  # fmt: skip
        self.status = SourceStatus(NAME, options.pbx, pushed=True)
        self.hosts = frozenset(host.lower() for host in senders.hosts)
        self.dropped = 0
        kind, dated = formats()[senders.format.value], dataclasses.replace(options, year=utc_now().year)
        self._readers = {forgeable: kind(dated) for forgeable in (False, True)}
        self._queue: asyncio.Queue[Message] = asyncio.Queue(QUEUED)
        self._delivery = Delivery(ingest, self.status)
        self._quiet = quiet

    async def put(self, message: bytes) -> None:
        """Take a message of a connection; waits while the queue is full, and so does its sender."""
        await self._queue.put((message, False))

    def offer(self, message: bytes, *, forgeable: bool) -> None:
        """Take a datagram, which nobody sends again if there is no room."""
        if self._queue.full():
            self.dropped += 1
        else:
            self._queue.put_nowait((message, forgeable))

    async def run(self) -> None:
        """Read and hand over until cancelled."""
        while True:
            messages = await self._waited()
            found = [each for message in messages for each in self._read(*message)] if messages else self._rest()
            for reader in self._readers.values():
                self.status.note_unread(reader.unread)
            self.status.problem = (
                f"{self.dropped} datagrams dropped: more came than was taken" if self.dropped else None
            )
            await self._delivery.hand_over(found)

    async def _waited(self) -> list[Message]:
        """The messages that are there, none where it has fallen silent."""
        try:
            async with asyncio.timeout(self._quiet):
                messages = [await self._queue.get()]
        except TimeoutError:
            return []
        while len(messages) < BATCH and not self._queue.empty():
            messages.append(self._queue.get_nowait())
        self.status.connected, self.status.heard_at = True, micros_now()
        return messages

    def _read(self, message: bytes, forgeable: bool) -> Sequence[Reading]:
        line = message.replace(b"\n", b" ")  # one message is one line, whatever it holds
        return [arrived(each, forgeable) for each in self._readers[forgeable].read(line)]

    def _rest(self) -> list[Reading]:
        return [
            arrived(each, forgeable) for forgeable, reader in self._readers.items() for each in reader.close()
        ]  # fmt: skip


def arrived(found: Found, forgeable: bool) -> Reading:
    """What was read, with when it came; what anybody may have sent is text."""
    reading = received(found, utc_now())
    return replace(reading, trust=Trust.TEXT.value) if forgeable and not isinstance(reading, Rejected) else reading
