"""The partitions this process owns: their memory, what of them is saved, and what may be acknowledged."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog
from msgspec import Struct

from detector.contract.findings import AnyFinding
from streams.kafka.seal import Headers
from streams.kafka.sighting_seal import Sealed
from streams.kafka.work.judge import Judge
from streams.kafka.work.outlet import LogPlace, Outlet
from streams.observe.delays import CHECKPOINT, arrived, took
from streams.runtime.clock import utc_now
from streams.runtime.partition import Partition, kind_of
from streams.store.store_errors import UnavailableError

WAITING_BYTES = 64 * 1024 * 1024
WAITING_RECORDS = 50_000
DATABASE_REST = 0.5
LAST_TRY = 5.0

log = structlog.get_logger(__name__)


class LogRecord(Struct, frozen=True):
    """One Kafka record; `generation` is the assignment under which it was fetched."""

    partition: int
    offset: int
    generation: int
    value: bytes | None
    headers: Headers
    acknowledge: Callable[[], object]


class Owned:
    """One partition in our hands. Its offsets are positions: that of a record plus one."""

    def __init__(self, partition: Partition, generation: int) -> None:
        self.partition = partition
        self.generation = generation
        self.next = partition.offset
        self.fresh = partition.offset == 0
        self.busy = asyncio.Lock()
        self.saving = asyncio.Lock()
        self.collected_at = time.monotonic()
        self.waiting: deque[tuple[int, int, Callable[[], object]]] = deque()


class PartitionTally:
    """What engines count of events, and errors by rule."""

    def __init__(self, counts: Counter[str] | None = None, errors: Counter[str] | None = None) -> None:
        self.counts: Counter[str] = counts or Counter()
        self.errors: Counter[str] = errors or Counter()

    def add(self, partition: Partition) -> None:
        """Count these, too."""
        self.counts.update(partition.engine.counts)
        self.errors.update(partition.engine.errors)


class Partitions:
    """Applies records and saves what came of them, by five rules; breaking one of them has lost findings.

    A partition is claimed and loaded when it is assigned, never when an event comes. When it is revoked it is saved and
    dropped. A record fetched under another assignment is skipped. A save that finds another owner raises `Fenced`:
    the process must end with nothing acknowledged. Records follow each other without a hole that Kafka does not have,
    from the checkpoint on. Any error raised here means: end the process.
    """

    def __init__(
        self,
        topic: str,
        made: Callable[[int], Partition],
        judge: Judge,
        outlet: Outlet,
        look_into_hole: Callable[[int, int, int], Awaitable[None]],
        sightings: Callable[[Sequence[AnyFinding]], Iterable[Sealed]],
    ) -> None:
        self._topic = topic
        self._made = made
        self._judge = judge
        self._outlet = outlet
        self._look_into_hole = look_into_hole
        self._sightings = sightings
        self._owned: dict[int, Owned] = {}
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._waiting_bytes = self._waiting_records = 0
        self.generation = 0
        self.records = self.events = self.foreign = self.dead_letters = 0
        self.found: Counter[str] = Counter()
        self._given_up = PartitionTally()
        self.saved_at = time.monotonic()
        self.database_away = False

    # --- who owns what

    async def assigned(self, partitions: Iterable[int], generation: int) -> None:
        """These are ours from now on, as of `generation`; called again, it starts again."""
        self._drop(list(self._owned))
        self.generation = generation
        self._pulse()
        for number in sorted(partitions):
            partition = self._made(number)
            await self._patiently(partition.recover)
            self._owned[number] = Owned(partition, generation)
            self._pulse()
        self.saved_at = time.monotonic()
        log.info("partitions loaded", generation=generation, partitions=sorted(self._owned))

    async def revoked(self, partitions: Iterable[int]) -> None:
        """These are ours no more: what is in hand is saved if the database can be had, then forgotten."""
        leaving = {number: self._owned.pop(number) for number in partitions if number in self._owned}
        self._pulse()
        until = time.monotonic() + LAST_TRY
        for number, owned in leaving.items():
            try:
                await self._checkpoint(owned)
            except UnavailableError as error:
                log.warning("partition left unsaved", partition=number, error=str(error))
                if time.monotonic() > until:
                    break
        for owned in leaving.values():
            self._forget(owned)

    def positions(self) -> dict[int, int]:
        """How far each partition is applied: the offset it waits for."""
        return {number: owned.next for number, owned in self._owned.items()}

    def tally(self) -> "PartitionTally":
        """What the engines have counted since the process began, those of partitions that are gone included."""
        total = PartitionTally(self._given_up.counts.copy(), self._given_up.errors.copy())
        for owned in self._owned.values():
            total.add(owned.partition)
        return total

    # --- the way of a record

    async def take(self, record: LogRecord) -> None:
        """Apply one record, unless it is of an assignment that is over."""
        owned = await self._owner(record)
        if owned is None:
            return
        if record.offset > owned.next and not owned.fresh:
            await self._look_into_hole(record.partition, owned.next, record.offset)
        async with owned.busy:
            if owned is not self._owned.get(record.partition):
                return
            owned.fresh = False
            owned.next = max(owned.next, record.offset + 1)
            await self._apply(owned, record)
            size = len(record.value or b"")
            owned.waiting.append((record.offset + 1, size, record.acknowledge))
            self._waiting_bytes += size
            self._waiting_records += 1
        while self._full():
            self._room.clear()
            await self._room.wait()

    async def _owner(self, record: LogRecord) -> Owned | None:
        """Whoever asks while the partition is being loaded waits for it."""
        while record.generation >= self.generation:
            owned = self._owned.get(record.partition)
            if owned is not None and owned.generation == record.generation:
                return owned
            self._changed.clear()
            await self._changed.wait()
        return None

    async def _apply(self, owned: Owned, record: LogRecord) -> None:
        if record.offset < owned.partition.offset:
            return
        taken, begun = utc_now(), time.monotonic()
        judged = self._judge.judge(record.partition, record.value, record.headers)
        findings = owned.partition.apply(record.offset + 1, judged.events)
        await self._outlet.findings(findings)
        if findings:
            await self._outlet.sightings(self._sightings(findings))
        took("decide", time.monotonic() - begun)
        await self._outlet.forward(judged.foreign)
        await self._outlet.bury(judged.rejected, LogPlace(self._topic, record.partition, record.offset))
        self.records += 1
        self.events += len(judged.events)
        self.found.update(map(kind_of, findings))
        self.foreign += len(judged.foreign)
        self.dead_letters += len(judged.rejected)
        if judged.events:
            arrived(judged.events[0], taken)

    # --- checkpoints

    async def checkpoint(self) -> None:
        """Save and acknowledge every partition. The database may be away for a while: then it goes on with the next."""
        for owned in list(self._owned.values()):
            try:
                await self._checkpoint(owned)
            except UnavailableError as error:
                if not self.database_away:
                    log.warning("database unavailable, checkpoints wait", error=str(error))
                self.database_away = True
                return
        if self.database_away:
            log.info("database is back")
        self.database_away = False
        self.saved_at = time.monotonic()

    async def _checkpoint(self, owned: Owned) -> None:
        async with owned.saving:
            before = owned.partition.saved
            async with owned.busy:
                owned.partition.collect()
                collected_at = time.monotonic()
            await self._outlet.flush()
            saved = await asyncio.to_thread(owned.partition.save)
            if saved > before:
                CHECKPOINT.observe(time.monotonic() - collected_at)
                took("checkpoint", time.monotonic() - owned.collected_at)
            owned.collected_at = collected_at
            while owned.waiting and owned.waiting[0][0] <= saved:
                _, size, acknowledge = owned.waiting.popleft()
                acknowledge()
                self._make_room(size, 1)

    # --- time

    async def tick(self, now: int, ends: dict[int, int]) -> None:
        """Say to the log that time has passed, for PBXs with a timer due in partitions applied up to their `ends`."""
        for number, owned in list(self._owned.items()):
            if owned.next >= ends.get(number, owned.next + 1):
                await self._outlet.ticks(owned.partition.ticks(now))

    # --- small things

    async def _patiently(self, work: Callable[[], object]) -> None:
        while True:
            try:
                await asyncio.to_thread(work)
            except UnavailableError as error:
                if not self.database_away:
                    log.warning("database unavailable, partitions wait to be loaded", error=str(error))
                self.database_away = True
                await asyncio.sleep(DATABASE_REST)
            else:
                self.database_away = False
                return

    def _drop(self, partitions: Iterable[int]) -> None:
        for number in partitions:
            self._forget(self._owned.pop(number))

    def _forget(self, owned: Owned) -> None:
        self._given_up.add(owned.partition)
        self._make_room(sum(size for _, size, _ in owned.waiting), len(owned.waiting))
        owned.waiting.clear()

    def _full(self) -> bool:
        return self._waiting_bytes > WAITING_BYTES or self._waiting_records > WAITING_RECORDS

    def _make_room(self, size: int, records: int) -> None:
        self._waiting_bytes -= size
        self._waiting_records -= records
        self._room.set()

    def _pulse(self) -> None:
        self._changed.set()
