"""All that happens on an Asterisk, by a connection of its own that is read whatever the log does."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import structlog

from detector.contract.codec import to_micros
from detector.formats.asterisk.asterisk_ami import AsteriskAmi
from streams.asterisk.ami import Ami
from streams.asterisk.ami_client import AmiClient
from streams.asterisk.ami_gap import AmiGap
from streams.asterisk.caller_origin import CallerOrigin
from streams.pbxs.pbx_errors import PbxError, Unreachable
from streams.pbxs.reconnecting import keep_connected
from streams.runtime.backoff import Backoff
from streams.runtime.clock import utc_now
from streams.runtime.ingest import Delivery, Ingest, Reading, SourceStatus, received

NAME = "asterisk-ami"
QUEUED = 100_000
"""Lines, a few megabytes: Asterisk holds about as much more before it cuts off whoever does not read."""
BATCH = 200
JUDGED_SECONDS = 300.0
"""`dialplan reload` tells nobody that it was done."""
BOOTED = b"Event: FullyBooted"
RELOADED = b"Event: Reload"
CONTACT = b"Event: ContactStatus"
"""Somebody is registered who was not: by what program only the list of contacts says."""
CONTACTS = "PJSIPShowContacts"
SHOWN = ("Ping", "Status", CONTACTS)
"""What fills the gap before a connection, asked on the same one: what happens next comes behind the answer.

The first tells the PBX's time.
"""

Line = tuple[bytes, datetime]
Judge = Callable[[], Awaitable[str | None]]
"""What is not as it should be although all is heard. Raises `PbxError`."""

log = structlog.get_logger()


class AmiSource:
    """Listens, reads, reconnects; `run` ends only when it is cancelled.

    `records` is where the PBX's call records stand, `since` is when it was heard last. Seconds: `quiet` until what was
    held back is told, `heartbeat` between questions for a sign of life, `silence` without anything until the connection
    is dead, `pace` between looks at who is registered, `pause` and `longest` between tries, `rest` after a refusal.
    """

    def __init__(
        self,
        client: AmiClient,
        reader: AsteriskAmi,
        ingest: Ingest,
        judge: Judge,
        *,
        records: Path | None = None,
        since: datetime | None = None,
        quiet: float = 5.0,
        heartbeat: float = 15.0,
        silence: float = 45.0,
        pace: float = 2.0,
        pause: float = 0.5,
        longest: float = 60.0,
        rest: float = 60.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.status = SourceStatus(NAME, reader.options.pbx)
        self.heard_at: datetime | None = None
        """Until when all was heard."""
        self._client = client
        self._reader = reader
        self._origin = CallerOrigin(client)
        self._delivery = Delivery(ingest, self.status)
        self._gap = AmiGap(reader, self._delivery, records)
        self._since = since
        self._quiet = quiet
        self._heartbeat = heartbeat
        self._silence = silence
        self._pace = pace
        self._judge = judge
        self._new_contacts = self._new_dialplan = False
        self._backoff = Backoff(pause, longest)
        self._rest = rest
        self._now = now

    async def run(self) -> None:
        """Listen until cancelled, whatever the PBX does."""
        await keep_connected(self._connection, self.status, self._backoff, self._rest)

    async def _connection(self) -> None:
        """One connection from its login to its end, which is a `PbxError`."""
        ami = await self._client.listen()
        queue: asyncio.Queue[Line | None] = asyncio.Queue(QUEUED)
        listening = asyncio.create_task(self._listen(ami, queue))
        beating = asyncio.create_task(self._beat(ami))
        looking = asyncio.create_task(self._look(ami))
        try:
            await self._pump(queue)
            await listening
        finally:
            self.status.connected = False
            for task in (listening, beating, looking):
                task.cancel()
            await asyncio.gather(listening, beating, looking, return_exceptions=True)
            ami.close()

    async def _listen(self, ami: Ami, queue: asyncio.Queue[Line | None]) -> None:
        """Queue lines with the moment they came; None at the end."""
        try:
            while True:
                line = await self._next(ami)
                moment = self._now()
                self.status.heard_at = to_micros(moment)
                self._new_contacts |= line.startswith(CONTACT)
                self._new_dialplan |= line.startswith((BOOTED, RELOADED))
                if line.startswith(BOOTED):
                    self._is_up()
                    for shown in SHOWN:
                        await ami.send(shown)
                await queue.put((line, moment))
        except PbxError:
            await queue.put(None)
            raise

    async def _next(self, ami: Ami) -> bytes:
        try:
            async with asyncio.timeout(self._silence):
                return await ami.line()
        except TimeoutError:
            raise Unreachable(f"manager interface: nothing for {self._silence:.0f} s") from None

    def _is_up(self) -> None:
        """Before it is fully booted an Asterisk answers, and knows nothing."""
        self.status.connected, self.status.problem = True, None
        self.status.connects += 1
        log.info("connected", source=NAME, pbx=self.status.pbx)

    async def _beat(self, ami: Ami) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            await ami.send("Ping")

    async def _look(self, ami: Ami) -> None:
        """However many register or reload, it is looked at once in a while."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await asyncio.sleep(self._pace)
            if self._new_contacts:
                self._new_contacts = False
                await ami.send(CONTACTS)
            if self.status.connected and (self._new_dialplan or loop.time() >= due):
                self._new_dialplan, due = False, loop.time() + JUDGED_SECONDS
                with suppress(PbxError):  # who may not look is told so by what he cannot do
                    self.status.problem = await self._judge()

    async def _pump(self, queue: asyncio.Queue[Line | None]) -> None:
        """Hand over what is queued, as much at a time as there is, until the end."""
        while True:
            lines, ended = await self._waited(queue)
            if any(line.startswith(BOOTED) for line, _ in lines):
                await self._gap.fill(self.heard_at or self._since, lines[0][1])
            found = [each for line in lines for each in self._read(line)]
            if ended or not lines:
                found += [received(each, self._now()) for each in self._reader.close()]
            self.status.note_unread(self._reader.unread)
            if found:
                await self._delivery.hand_over([await self._origin.added(each) for each in found])
            if lines:
                self.heard_at = lines[-1][1]
            if ended:
                return

    async def _waited(self, queue: asyncio.Queue[Line | None]) -> tuple[list[Line], bool]:
        """The lines that are there, none where it has fallen silent, and whether the connection has ended."""
        try:
            async with asyncio.timeout(self._quiet):
                item = await queue.get()
        except TimeoutError:
            return [], False
        lines = []
        while item is not None:
            lines.append(item)
            if len(lines) == BATCH or queue.empty():
                return lines, False
            item = queue.get_nowait()
        return lines, True

    def _read(self, line: Line) -> list[Reading]:
        content, moment = line
        return [received(each, moment) for each in self._reader.read(content)]
