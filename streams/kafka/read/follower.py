"""Copies the topic of events into an archive, each partition a log of its own."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]  # it ships no types
from aiokafka.errors import (  # type: ignore[import-untyped]  # it ships no types
    CommitFailedError,
    IllegalStateError,
    KafkaError,
)
from msgspec import Struct

from detector.contract.events import AnyEvent, Tick, Unknown
from streams.archive.archive_errors import ArchiveError
from streams.archive.pace import Pace
from streams.archive.store import Archive
from streams.archive.tidying import finished
from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import arguments
from streams.kafka.seal import Headers
from streams.runtime.backoff import Backoff

MOST_BYTES = 256 * 1024 * 1024
OVERHEAD = 1_000
"""Bytes that a record takes in memory besides its value."""
AT_ONCE = 2_000
WAIT_MS = 500
LOOK_EVERY = 5.0
LOOK_WITHIN = 5.0
SESSION_MS = 10_000
LONGEST_STEP_MS = 300_000
"""A follower that cannot write for so long gives its partitions to one that perhaps can."""
FIRST, MOST = 0.5, 30.0

EventsOf = Callable[[int, bytes | None, Headers], Sequence[AnyEvent | Unknown]]
"""The events of a record that belong into its partition."""

log = structlog.get_logger(__name__)


class HeldRecord(Struct, frozen=True):
    """A record that is not archived yet."""

    value: bytes | None
    headers: Headers


class Follower:
    """Reads the topic of events in a group of its own, and acknowledges what is in files and only that.

    Several share the partitions. What is copied twice, after a crash or when a partition has moved, has the same log
    and offsets, and is read once. While the archive is away events wait in Kafka. Events in the wrong partition are
    left out, because workers forward them.
    """

    def __init__(self, kafka: Kafka, archive: Archive, events_of: EventsOf, every: float) -> None:
        self._kafka = kafka
        self._topic = f"{kafka.prefix}.events"
        self._archive = archive
        self._events_of = events_of
        self._pace = Pace(every)
        self._waits = Backoff(FIRST, MOST)
        self._held: dict[Any, dict[int, HeldRecord]] = {}
        self._ripe: list[Any] = []
        self._next: dict[Any, int] = {}
        self._bytes = 0
        self._try_at = self._looked_at = 0.0
        self.connected = self.available = True
        self.waiting = self.partitions = self.records = self.lost = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`, connecting again as often as it takes; a batch that is being written is finished first."""
        wait = Backoff(FIRST, MOST)
        while not stop.is_set():
            consumer = AIOKafkaConsumer(
                self._topic, **arguments(self._kafka), group_id=f"{self._kafka.prefix}-archive",
                enable_auto_commit=False, auto_offset_reset="earliest", session_timeout_ms=SESSION_MS,
                max_poll_interval_ms=LONGEST_STEP_MS,
            )  # fmt: skip
            try:
                await consumer.start()
                while not stop.is_set():
                    await self._step(consumer)
                    wait.reset()
            except KafkaError as error:
                self.connected = False
                log.warning("events cannot be read", error=f"{type(error).__name__}: {error}"[:300])
                await asyncio.sleep(wait.next())
            finally:
                await consumer.stop()
                self._forget(list(self._held))  # what was not acknowledged comes again
                self._ripe = []

    async def _step(self, consumer: Any) -> None:
        full = self._bytes >= MOST_BYTES
        if full:
            await asyncio.sleep(WAIT_MS / 1_000)
        else:
            fetched = await consumer.getmany(timeout_ms=0 if self._ripe else WAIT_MS, max_records=AT_ONCE)
            for at, records in fetched.items():
                await self._notice_loss(consumer, at, records[0].offset)
                self._hold(at, records)
        if time.monotonic() - self._looked_at > LOOK_EVERY:
            await self._look(consumer)
        if not self._ripe and self._pace.ripe(waiting=bool(self._held), full=full):
            self._ripe = list(self._held)
        if self._ripe and time.monotonic() >= self._try_at:
            await self._write(consumer, self._ripe[0])

    # --- from Kafka

    def _hold(self, at: Any, records: Sequence[Any]) -> None:
        held = self._held.setdefault(at, {})
        for record in records:
            if record.offset not in held:  # read again: the partition went away and came back
                self._bytes += len(record.value or b"") + OVERHEAD
            held[record.offset] = HeldRecord(record.value, record.headers)
        self._next[at] = records[-1].offset + 1

    def _forget(self, partitions: Sequence[Any]) -> None:
        for at in partitions:
            self._bytes -= sum(len(one.value or b"") + OVERHEAD for one in self._held.pop(at).values())

    async def _notice_loss(self, consumer: Any, at: Any, first: int) -> None:
        """Kafka keeps events for some days only; whoever was away for longer finds them gone."""
        if first == self._next.get(at):
            return
        expected = max(await consumer.committed(at) or 0, self._next.get(at, 0))
        if 0 < expected < first:
            lost = min(first, (await consumer.beginning_offsets([at]))[at]) - expected
            if lost > 0:
                self.lost += lost
                log.error("Kafka has cut the log before it was archived", partition=at.partition, records=lost)

    async def _look(self, consumer: Any) -> None:
        """Whether the brokers answer, and how much waits for us there and here."""
        mine = consumer.assignment()
        try:
            async with asyncio.timeout(LOOK_WITHIN):
                ends: Mapping[Any, int] = await consumer.end_offsets(mine or [TopicPartition(self._topic, 0)])
                unread = sum([ends[at] - await consumer.position(at) for at in mine])
            self.waiting, self.partitions = unread + sum(map(len, self._held.values())), len(mine)
            self.connected = True
        except (KafkaError, IllegalStateError, TimeoutError) as error:
            self.connected = False
            log.warning("Kafka cannot be asked", error=f"{type(error).__name__}: {error}"[:300])
        self._looked_at = time.monotonic()

    # --- into the archive

    async def _write(self, consumer: Any, at: Any) -> None:
        """What is held of one partition; a partition at a time, so that the group hears of us in between."""
        held = self._held[at]
        try:
            await finished(self._copy, at.partition, held)
        except ArchiveError as error:
            self.available = False
            wait = self._waits.next()
            self._try_at = time.monotonic() + wait
            log.warning("archive unavailable, events wait in Kafka", error=str(error), again_in=round(wait, 1))
            return
        self.available = True
        self._waits.reset()
        await self._acknowledge(consumer, at, max(held) + 1)
        self.records += len(held)
        self._forget([at])
        self._ripe.remove(at)
        if not self._ripe:
            self._pace.caught_up()

    def _copy(self, partition: int, held: Mapping[int, HeldRecord]) -> None:
        events: list[tuple[int, AnyEvent | Unknown]] = []
        for offset, one in sorted(held.items()):
            found = self._events_of(partition, one.value, one.headers)
            events += [(offset, event) for event in found if not isinstance(event, Tick)]
        self._archive.write(f"{self._topic}-{partition}", events)

    async def _acknowledge(self, consumer: Any, at: Any, offset: int) -> None:
        try:
            await consumer.commit({at: offset})
        except (CommitFailedError, IllegalStateError) as error:  # others have the partition, and copy it again
            log.info("not acknowledged", partition=at.partition, error=f"{type(error).__name__}: {error}"[:300])
