"""One partition's way into Kafka: in batches, floods folded, on disk while no broker takes it, always in order."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import ParamSpec, TypeVar

import structlog

from detector.contract.codec import Codec
from streams.kafka.write.folding import Attempt, Floods, folded
from streams.kafka.write.items import BATCH, BATCH_BYTES, Item, attempts, entries_of, entry_of, settle
from streams.kafka.write.link import Link, LinkSession, Sent, acknowledged, too_large
from streams.kafka.write.spool import Entry, Spool
from streams.store.store_errors import UnavailableError

LINGER = 0.005
WAITING = 2_000
PATIENCE = 1.0
REST = 0.2
HELD = "hold-"
HOLD = 1.0
HOLD_BYTES = 2 * 1024 * 1024

log = structlog.get_logger(__name__)
T = TypeVar("T")
P = ParamSpec("P")
Lost = Callable[[Entry, BaseException], Awaitable[None]]


class Disk:
    """The spool, in a thread of its own."""

    def __init__(self, spool: Spool, thread: Executor) -> None:
        self.spool = spool
        self._thread = thread

    async def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a method of the spool returns."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*args, **kwargs))


class PartitionLane:
    """Takes items one after the other; a full queue makes `put` wait.

    While the spool holds something of this lane, what comes goes behind it, and a task of its own brings it from there
    to Kafka. What is too many of a flood is kept on disk for a second and then sent as one.
    """

    def __init__(self, name: str, topic: str, partition: int, link: Link, disk: Disk, lost: Lost) -> None:
        self.name = name
        self._topic, self._partition = topic, partition
        self._link, self._disk, self._lost = link, disk, lost
        self._queue: asyncio.Queue[Item | None] = asyncio.Queue(WAITING)
        self._codec = Codec()
        self._floods = Floods()
        self._held: list[Attempt] = []
        self._held_bytes = 0
        self._held_until: float | None = None
        self._addresses: set[tuple[str, str] | None] = set()
        self._spooling = asyncio.Lock()
        self._draining: asyncio.Task[None] | None = None
        self._troubled = False
        self._singly = 0

    async def put(self, item: Item) -> None:
        """Queue it; its receipts say when it is durable."""
        await self._queue.put(item)

    async def end(self) -> None:
        """Make `run` return when all that was put is durable."""
        await self._queue.put(None)

    @property
    def behind(self) -> bool:
        """Whether something of this lane waits on disk for Kafka."""
        return self._draining is not None

    def resume(self) -> None:
        """The spool holds something of this lane since before."""
        self._draining = asyncio.create_task(self._drain([]), name=f"spool of {self.name}")

    async def stop(self) -> None:
        """Leave what is on disk there."""
        if self._draining is not None:
            self._draining.cancel()
            await asyncio.wait([self._draining])

    async def run(self) -> None:
        """Work until `end`."""
        going_on = True
        while going_on:
            batch, going_on = await self._gather()
            if self._held and (not batch or not going_on):
                await self._release([])
            await self._take(batch)

    async def _gather(self) -> tuple[list[Item], bool]:
        """What is there, more for a moment; nothing when a second of holding is over. False is the end."""
        batch: list[Item] = []
        size = 0
        until = self._held_until
        while len(batch) < BATCH and size < BATCH_BYTES:
            if self._queue.empty():
                try:
                    async with asyncio.timeout_at(until):
                        item = await self._queue.get()
                except TimeoutError:
                    break
            else:
                item = self._queue.get_nowait()
            if item is None:
                return batch, False
            if not batch:
                until = asyncio.get_running_loop().time() + LINGER
            batch.append(item)
            size += len(item.raw)
        return batch, True

    # --- floods

    async def _take(self, batch: Sequence[Item]) -> None:
        """Each item into the log or among the held; nothing overtakes what is held of the same address."""
        out: list[Item] = []
        held: list[Item] = []
        now = time.monotonic()
        for item in batch:
            if item.event is not None and not item.sealed and self._floods.over(item.event, now):
                held.append(item)
                self._addresses.add(item.address)
                continue
            if item.address in self._addresses:
                await self._log(out)
                await self._release(held)
                out, held = [], []
            out.append(item)
        if held:
            out += await self._hold(held)
        await self._log(out)
        if self._held_bytes > HOLD_BYTES:
            await self._release([])

    async def _hold(self, items: Sequence[Item]) -> Sequence[Item]:
        """Keep items on disk for the rest of the second; all are returned if it has no room for them."""
        try:
            await self._disk.do(self._disk.spool.append, HELD + self.name, [entry_of([item]) for item in items])
        except UnavailableError:
            return items
        settle(items)
        if not self._held:
            self._held_until = asyncio.get_running_loop().time() + HOLD
        self._held += attempts(items)
        self._held_bytes += sum(len(item.raw) for item in items)
        return ()

    async def _release(self, items: Sequence[Item]) -> None:
        """Send what was held, each flood as one, and then `items` in the same way."""
        kept, self._held, self._held_bytes, self._held_until = self._held, [], 0, None
        self._addresses.clear()
        await self._log([*self._folded(kept), *self._folded(attempts(items))])
        settle(items)
        if kept:
            await self._disk.do(self._disk.spool.clear, HELD + self.name)

    def _folded(self, events: Sequence[Attempt]) -> Iterator[Item]:
        for event in folded(events):
            yield Item(event.pbx, self._codec.encode(event))

    # --- into Kafka, or onto the disk

    async def _log(self, items: Sequence[Item]) -> None:
        """Returns when all are durable."""
        if items:
            await self._keep(list(entries_of(items)))
            settle(items)

    async def _keep(self, entries: list[Entry]) -> None:
        """Into Kafka; where that takes too long, or something waits before them, onto the disk; else it waits."""
        sent: Sent = []
        while True:
            async with self._spooling:
                if self._draining is not None and self._draining.done():
                    self._draining.result()
                if self._draining is None:
                    entries, sent = await self._send(entries, sent)
                    if not entries:
                        return
                if await self._spooled(entries, sent):
                    return
            await asyncio.sleep(REST)

    async def _send(self, entries: list[Entry], sent: Sent) -> tuple[list[Entry], Sent]:
        """What the brokers have not acknowledged in time, and what of that they may still get."""
        session = await self._link.within(PATIENCE)
        if session is None:
            return entries, []
        if sent:
            await session.settled_within(sent, PATIENCE)
        else:
            sent = await self._offer(session, entries, PATIENCE)
        entries, sent = await self._without_lost(entries, sent)
        return entries, [] if session.broken.is_set() or any(one.done() for one in sent) else sent

    async def _offer(self, session: LinkSession, entries: list[Entry], patience: float | None) -> Sent:
        """Hand records over together; one by one where the brokers refused a batch for its size."""
        return await session.send(self._topic, self._partition, entries[:1] if self._singly else entries, patience)

    async def _without_lost(self, entries: list[Entry], sent: Sent) -> tuple[list[Entry], Sent]:
        """What follows the records that have come, or that no broker will ever take."""
        done = acknowledged(sent)
        entries, sent = entries[done:], sent[done:]
        self._singly = max(self._singly - done, 0)
        error = too_large(sent)
        if error is None:
            return entries, sent
        if len(sent) > 1:
            self._singly = len(sent)
            return entries, []
        await self._lost(entries[0], error)
        self._singly = max(self._singly - 1, 0)
        return entries[1:], []

    async def _spooled(self, entries: list[Entry], sent: Sent) -> bool:
        """Whether they are on disk; then they will be sent from there, unless they are still about to come."""
        try:
            await self._disk.do(self._disk.spool.append, self.name, entries)
        except UnavailableError as error:
            if not self._troubled:
                log.error("no broker takes events and the disk does not either", lane=self.name, error=str(error))
            self._troubled = True
            return False
        self._troubled = False
        if self._draining is None:
            log.warning("events wait on disk for Kafka", lane=self.name)
            self._draining = asyncio.create_task(self._drain(sent), name=f"spool of {self.name}")
        return True

    async def _drain(self, sent: Sent) -> None:
        """Bring what is on disk to Kafka until there is nothing; `sent` are records at its beginning on their way."""
        if sent:
            await (await self._link.wait()).settled(sent)
        skip = acknowledged(sent)
        while True:
            chunk = await self._disk.do(self._disk.spool.first, self.name)
            if chunk is None:
                async with self._spooling:
                    if await self._disk.do(self._disk.spool.first, self.name) is None:
                        self._draining = None
                        log.info("nothing waits on disk any more", lane=self.name)
                        return
                continue
            rest = chunk.entries[skip:]
            skip = max(skip - len(chunk.entries), 0)
            while rest:
                session = await self._link.wait()
                before = len(rest)
                rest, _ = await self._without_lost(rest, await self._offer(session, rest, None))
                if len(rest) == before:
                    await asyncio.sleep(REST)
            await self._disk.do(self._disk.spool.drop, chunk)
