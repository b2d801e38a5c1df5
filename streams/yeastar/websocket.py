"""The PBX's events over its WebSocket, with the gaps between connections filled."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from detector.contract.codec import Rejected, to_micros
from detector.formats.yeastar.yeastar_frames import WANTED, YeastarFrames, serial_of
from streams.pbxs.pbx_errors import GiveUp, PbxError, Unreachable
from streams.pbxs.reconnecting import keep_connected
from streams.pbxs.trouble import say_trouble
from streams.runtime.backoff import Backoff
from streams.runtime.clock import utc_now
from streams.runtime.ingest import Delivery, Ingest, Reading, SourceStatus
from streams.yeastar.catchup import Catchup
from streams.yeastar.client import YeastarClient
from streams.yeastar.subscription import HEARTBEAT_ANSWER, Subscription

NAME = "yeastar-websocket"
QUEUED = 1_000
BATCH = 100

log = structlog.get_logger()


class WebSocketSource:
    """Subscribes, reads, reconnects; `run` ends only when it is cancelled.

    `sn` is the serial number the PBX must have, None for any. Seconds: `heartbeat` between signs of life (the PBX
    drops a silent stream after 60), `silence` without anything until the stream is dead, `pause` and `longest`
    between tries, `rest` before the PBX is asked again after it refused.
    """

    def __init__(
        self,
        client: YeastarClient,
        frames: YeastarFrames,
        ingest: Ingest,
        catchup: Catchup,
        *,
        sn: str | None = None,
        heartbeat: float = 25.0,
        silence: float = 60.0,
        pause: float = 0.5,
        longest: float = 60.0,
        rest: float = 60.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.status = SourceStatus(NAME, frames.pbx)
        self._client = client
        self._frames = frames
        self._catchup = catchup
        self._delivery = Delivery(ingest, self.status)
        self._sn = sn
        self._heartbeat = heartbeat
        self._silence = silence
        self._backoff = Backoff(pause, longest)
        self._fill_pause = (pause, longest)
        self._rest = rest
        self._now = now

    async def run(self) -> None:
        """Read until cancelled, whatever the PBX does."""
        await keep_connected(self._connection, self.status, self._backoff, self._rest)

    async def _connection(self) -> None:
        """One connection from its subscription to its end, which is a `PbxError`.

        The gap is filled while live events already flow: a long list of records does not hold up a call.
        """
        async with self._client.subscribe(WANTED) as stream:
            self.status.connected, self.status.problem = True, None
            self.status.connects += 1
            log.info("connected", source=NAME, pbx=self.status.pbx)
            queue: asyncio.Queue[tuple[bytes, datetime] | None] = asyncio.Queue(QUEUED)
            listening = asyncio.create_task(self._listen(stream, queue))
            helpers = [asyncio.create_task(self._beat(stream)), asyncio.create_task(self._fill())]
            try:
                await self._pump(queue)
                await listening
            finally:
                self.status.connected = False
                for task in (listening, *helpers):
                    task.cancel()
                await asyncio.gather(listening, *helpers, return_exceptions=True)

    async def _listen(self, stream: Subscription, queue: asyncio.Queue[tuple[bytes, datetime] | None]) -> None:
        """Queue frames with the moment they came; None at the end."""
        try:
            while True:
                frame = await self._receive(stream)
                self.status.heard_at = to_micros(self._now())
                if frame != HEARTBEAT_ANSWER:
                    await queue.put((frame, self._now()))
        except PbxError:
            await queue.put(None)
            raise

    async def _receive(self, stream: Subscription) -> bytes:
        try:
            async with asyncio.timeout(self._silence):
                return await stream.receive()
        except TimeoutError:
            raise Unreachable(f"subscribe: nothing for {self._silence:.0f} s") from None

    async def _pump(self, queue: asyncio.Queue[tuple[bytes, datetime] | None]) -> None:
        """Hand over what is queued, as much at a time as there is, until the end of the stream."""
        while (item := await queue.get()) is not None:
            found = self._read(*item)
            while len(found) < BATCH and not queue.empty() and (item := queue.get_nowait()) is not None:
                found += self._read(*item)
            if found := self._catchup.fresh(found):
                self._catchup.note(await self._delivery.hand_over(found))
            if item is None:
                return

    def _read(self, frame: bytes, received_at: datetime) -> list[Reading]:
        if self._sn is not None:
            sn = serial_of(frame)
            if sn != self._sn:
                return [Rejected(reason="a frame of another PBX", field="sn", excerpt=(sn or "")[:64])]
        found: list[Reading] = self._frames.read(frame, received_at)
        self.status.note_unread(self._frames.unread)
        return found

    async def _beat(self, stream: Subscription) -> None:
        """Show that we live and keep the token valid; the reader notices when the stream is dead."""
        while True:
            await asyncio.sleep(self._heartbeat)
            await stream.heartbeat()
            try:
                await self._client.session.token()
            except PbxError as error:
                say_trouble(self.status, error)

    async def _fill(self) -> None:
        """Fill the gap, again until it succeeds or the PBX refuses."""
        wait = Backoff(*self._fill_pause)
        while True:
            try:
                await self._catchup.fill(self._delivery)
            except GiveUp as error:
                say_trouble(self.status, error)
                return
            except PbxError as error:
                say_trouble(self.status, error)
                await asyncio.sleep(wait.next())
            else:
                self.status.problem = None
                return
