"""The embedded runtime: log, engine, findings and checkpoints in one process, durable before anything is answered."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

import msgspec
import structlog
from msgspec import Struct

from detector.contract.codec import Codec, Rejected, encode_finding
from detector.contract.events import AnyEvent, Control, Unknown
from detector.contract.findings import AnyFinding
from streams.observe.delays import CHECKPOINT, arrived, took
from streams.runtime.admission import Admission, TurnedAway
from streams.runtime.clock import micros_now, utc_now
from streams.runtime.partition import Partition, kind_of
from streams.store.journal.journal import Journal
from streams.store.store_errors import FullError, OffsetError, UnavailableError
from streams.store.stream import NOWHERE, Letter, StreamStore

BATCH = 20
LARGEST_BATCH = 500
LINGER = 0.005
WAITING = 2_000
CHUNK = 1_000
CHECKPOINT_EVERY = 2.0
TICK_EVERY = 1.0
DELIVER = 500
JOURNAL_REST = 1.0
DISK_REST = 1.0
STUCK = "Nothing can be written: attacks are not seen and nothing is contained"

FINDING = msgspec.json.Decoder(AnyFinding)

log = structlog.get_logger()
T = TypeVar("T")
P = ParamSpec("P")


class Incoming(Struct):
    """Events of one `put`, who waits for them to be durable, and how far their source is taken in with them."""

    events: Sequence[AnyEvent]
    done: asyncio.Future[None]
    trusted: bool
    place: tuple[str, bytes] | None = None


class Embedded:
    """Takes events in, makes them durable together with what follows from them, and hands findings to the journal.

    One thread owns the stream database and the engine. `put` returns when its events are committed; a full queue
    makes it wait. A write that fails because the disk is full is tried again until there is room: memory is ahead of
    the log until then, so nothing else is taken in or saved, and `problem` says so. Any other failure ends `run`.
    """

    def __init__(self, partition: Partition, store: StreamStore, journal: Journal) -> None:
        self.partition = partition
        self._store = store
        self._journal = journal
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stream")
        self._queue: asyncio.Queue[Incoming] = asyncio.Queue(WAITING)
        self._admission = Admission()
        self._published = asyncio.Event()
        self._failed: BaseException | None = None
        self._stopped = False
        self._leaving = threading.Event()
        self.problem: str | None = None
        self.delivered = asyncio.Event()
        self.archived: Callable[[], int] | None = None
        self.found: Counter[str] = Counter()
        self.dead_letters = 0
        self.checkpoint_at = time.monotonic()

    @property
    def findings(self) -> int:
        """How many were handed to the journal since the start."""
        return self.found.total()

    @property
    def waiting(self) -> int:
        """How many calls of `put` wait to be made durable."""
        return self._queue.qsize()

    async def recover(self) -> None:
        """Load the checkpoint and process the log behind it once more. Raises `OffsetError` if a part is missing."""
        await self._advance(self._recover)
        self._published.set()

    async def put(self, events: Sequence[AnyEvent]) -> None:
        """Make events of a source durable. Control events are refused: they are ours."""
        await self._put(events, trusted=False)

    async def put_placed(self, events: Sequence[AnyEvent], name: str, place: bytes) -> None:
        """As `put`, and in the same write how far the source `name` has been taken in by then; events may be none."""
        await self._enqueue(Incoming(events, asyncio.get_running_loop().create_future(), False, (name, place)))

    async def place(self, name: str) -> bytes | None:
        """How far the source `name` has been taken in, None if it never was."""
        return await self._in_thread(self._store.place, name)

    async def put_control(self, events: Sequence[Control]) -> None:
        """Make control events of our own durable."""
        await self._put(events, trusted=True)

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        """Keep what could not be read, with the reason."""
        await self._in_thread(self._bury, [TurnedAway(rejected, source, pbx)])

    async def learn(self, events: Sequence[AnyEvent | Unknown]) -> None:
        """Apply history while the service is not running: memory learns from it, its findings are thrown away."""
        await self._advance(self._learn, events)

    async def run(self) -> None:
        """Work until cancelled; raises what made it impossible."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for loop in (self._write, self._checkpoints, self._ticks, self._deliver):
                    tasks.create_task(loop())
        except ExceptionGroup as group:
            raise self._failed or group.exceptions[0] from group
        finally:
            self._stopped = True
            self._refuse_waiting()

    async def close(self) -> None:
        """A last checkpoint; `run` has ended."""
        await self._in_thread(self._checkpoint)
        self._thread.shutdown()

    # --- taking in

    async def _put(self, events: Sequence[AnyEvent], *, trusted: bool) -> None:
        if events:
            await self._enqueue(Incoming(events, asyncio.get_running_loop().create_future(), trusted))

    async def _enqueue(self, incoming: Incoming) -> None:
        if not self._stopped:
            await self._queue.put(incoming)
        if self._stopped:
            self._refuse(incoming)
        await incoming.done

    async def _write(self) -> None:
        while True:
            batch: list[Incoming] = []
            try:
                await self._gather(batch)
                await self._advance(self._step, batch)
            except BaseException:
                self._stopped = True
                for incoming in batch:
                    self._refuse(incoming)
                raise
            for incoming in batch:
                if not incoming.done.done():
                    incoming.done.set_result(None)

    async def _gather(self, batch: list[Incoming]) -> None:
        """Fill `batch` with at least one `put`; more for a moment, until there are enough events for one commit."""
        batch.append(await self._queue.get())
        size = len(batch[0].events)
        deadline = asyncio.get_running_loop().time() + LINGER
        while size < LARGEST_BATCH:
            if self._queue.empty():
                left = deadline - asyncio.get_running_loop().time()
                if size >= BATCH or left <= 0:
                    break
                try:
                    incoming = await asyncio.wait_for(self._queue.get(), left)
                except TimeoutError:
                    break
            else:
                incoming = self._queue.get_nowait()
            batch.append(incoming)
            size += len(incoming.events)

    def _refuse_waiting(self) -> None:
        """Whoever waits for room in the queue finds it stopped."""
        while not self._queue.empty():
            self._refuse(self._queue.get_nowait())

    def _refuse(self, incoming: Incoming) -> None:
        if not incoming.done.done():
            incoming.done.set_exception(self._failed or RuntimeError("the service is stopping"))
            incoming.done.exception()  # its waiter may be gone

    # --- in the stream's thread

    def _trying(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._failed = error
            raise

    def _recover(self) -> None:
        offset = self.partition.recover()
        while log_rows := self._store.read(offset, CHUNK):
            if log_rows[0][0] != offset + 1:
                raise OffsetError(f"the log begins at {log_rows[0][0]}, the checkpoint needs {offset + 1}")
            self._publish([], self.partition.replay(log_rows))
            offset = log_rows[-1][0]

    def _step(self, batch: Sequence[Incoming]) -> None:
        """One commit: events, and the findings they lead to."""
        taken, begun = utc_now(), time.monotonic()
        offset = self._store.next_offset()
        rows: list[tuple[str, bytes]] = []
        events: list[tuple[int, AnyEvent | Unknown]] = []
        buried: list[TurnedAway] = []
        for incoming in batch:
            for event in incoming.events:
                judged = self._admission.judge(event, trusted=incoming.trusted)
                if isinstance(judged, TurnedAway):
                    buried.append(judged)
                    continue
                events.append((offset + len(rows), judged.event))
                rows.append((event.pbx, judged.raw))
        if buried:
            self._insist(partial(self._bury, buried))
        places = dict(incoming.place for incoming in batch if incoming.place is not None)
        self._insist(partial(self._publish, rows, self.partition.process(events), places))
        if events:
            arrived(events[0][1], taken)
            took("decide", time.monotonic() - begun)

    def _insist(self, write: Callable[[], None]) -> None:
        """Write, again and again while there is no room; nobody is told that it is done before it is."""
        while True:
            try:
                write()
            except FullError as error:
                if self.problem is None:
                    log.error("the log cannot be written", error=str(error))
                self.problem = f"{STUCK}: {error}"
                if self._leaving.wait(DISK_REST):
                    raise
            else:
                self.problem = None
                return

    def _learn(self, events: Sequence[AnyEvent | Unknown]) -> None:
        codec, offset = Codec(trusted=True), self._store.next_offset()
        self.partition.process(enumerate(events, offset))
        self._store.append_and_publish([(event.pbx, codec.encode(event)) for event in events])

    def _publish(
        self,
        rows: Sequence[tuple[str, bytes]],
        findings: Sequence[AnyFinding],
        places: Mapping[str, bytes] = NOWHERE,
    ) -> None:
        self._store.append_and_publish(
            rows,
            [(f.id, f.revision, kind_of(f), f.pbx, encode_finding(f)) for f in findings],
            places,
        )
        self.found.update(map(kind_of, findings))
        if findings:
            self._loop.call_soon_threadsafe(self._published.set)

    def _bury(self, turned_away: Sequence[TurnedAway]) -> None:
        now = micros_now()
        self._store.dead_letter(*(
            Letter(received_at=now, source=one.source, pbx=one.pbx, **msgspec.structs.asdict(one.rejected))
            for one in turned_away
        ))  # fmt: skip
        self.dead_letters += len(turned_away)

    def _checkpoint(self) -> None:
        """Not any more once memory is ahead of a log that could not be written."""
        if self._failed is not None:
            return
        before, begun = self.partition.saved, time.monotonic()
        saved = self.partition.checkpoint()
        self._store.cut(saved if self.archived is None else min(saved, self.archived()))
        now = time.monotonic()
        if saved > before:
            CHECKPOINT.observe(now - begun)
            took("checkpoint", now - self.checkpoint_at)
        self.checkpoint_at = now

    # --- the rest of the line

    async def _checkpoints(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_EVERY)
            try:
                await self._in_thread(self._checkpoint)
            except UnavailableError as error:  # what was not saved goes with the next one
                log.warning("memory not saved", error=str(error))

    async def _ticks(self) -> None:
        """Time passes for PBXs that have a timer due, even when they say nothing."""
        while True:
            await asyncio.sleep(TICK_EVERY)
            ticks = await self._in_thread(self.partition.ticks, micros_now())
            await self._put(ticks, trusted=True)

    async def _deliver(self) -> None:
        """Findings from the outbox into the journal; a crash between the two repeats it, the journal ignores it."""
        while True:
            await self._published.wait()
            self._published.clear()
            while waiting := await self._in_thread(self._store.undelivered, DELIVER):
                found = [FINDING.decode(one.body) for one in waiting]
                await self._record(found)
                await self._forget([one.seq for one in waiting])
                self.delivered.set()

    async def _record(self, found: Sequence[AnyFinding]) -> None:
        """Into the journal, however long it takes: findings wait in the outbox while it is away."""
        while True:
            try:
                return await asyncio.to_thread(self._journal.findings.record, found)
            except UnavailableError as error:
                log.warning("journal unavailable", error=str(error))
                await asyncio.sleep(JOURNAL_REST)

    async def _forget(self, seqs: Sequence[int]) -> None:
        """The journal has them: once that cannot be noted, they are given to it again, which changes nothing."""
        while True:
            try:
                return await self._in_thread(self._store.delivered, seqs)
            except UnavailableError as error:
                log.warning("outbox not emptied", error=str(error))
                await asyncio.sleep(JOURNAL_REST)

    async def _advance(self, work: Callable[P, None], *args: P.args, **_: P.kwargs) -> None:
        """Work that takes memory ahead of what is durable: finished once begun, and the end of all if it fails."""
        working = asyncio.ensure_future(self._in_thread(self._trying, partial(work, *args)))
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            self._leaving.set()
            raise
        finally:
            await asyncio.wait([working])

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        self._loop = asyncio.get_running_loop()
        return await self._loop.run_in_executor(self._thread, work, *args)
