"""The end of the log: takes what workers found from Kafka to where it is kept, each at least once and in order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]  # it ships no types
from aiokafka.errors import (  # type: ignore[import-untyped]  # it ships no types
    CommitFailedError,
    IllegalStateError,
    KafkaError,
)

from detector.contract.codec import Rejected
from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import arguments
from streams.kafka.seal import Headers
from streams.runtime.backoff import Backoff
from streams.store.store_errors import UnavailableError

AT_ONCE = 500
WAIT_MS = 500
SESSION_MS = 10_000
LONGEST_STEP_MS = 300_000
FIRST, MOST = 0.5, 10.0
REST = 1.0

Value = tuple[bytes, Headers]
Keep = Callable[[Sequence[Value]], Awaitable[Sequence[Rejected]]]
"""Keeps values, and returns those that nobody can keep; raises `UnavailableError` to be asked again."""
Bury = Callable[[Rejected, str], Awaitable[None]]

log = structlog.get_logger(__name__)


class Inbox:
    """Reads topics in a group of its own and acknowledges what was kept.

    `keep` says by topic who takes its values; `bury` gets what nobody can use. However long the database is away,
    nothing is passed over.
    """

    def __init__(self, kafka: Kafka, group: str, keep: Mapping[str, Keep], bury: Bury) -> None:
        self._kafka = kafka
        self._group = group
        self._keep = {f"{kafka.prefix}.{topic}": keeper for topic, keeper in keep.items()}
        self._bury = bury
        self.records = self.refused = 0

    async def run(self) -> None:
        """Read until cancelled, connecting again as often as it takes."""
        wait = Backoff(FIRST, MOST)
        while True:
            consumer = AIOKafkaConsumer(
                *self._keep, **arguments(self._kafka), group_id=self._group, enable_auto_commit=False,
                auto_offset_reset="earliest", session_timeout_ms=SESSION_MS, max_poll_interval_ms=LONGEST_STEP_MS,
            )  # fmt: skip
            try:
                await consumer.start()
                while True:
                    await self._step(consumer)
                    wait = Backoff(FIRST, MOST)
            except KafkaError as error:
                log.warning("findings cannot be read", error=f"{type(error).__name__}: {error}"[:300])
            finally:
                await consumer.stop()
            await asyncio.sleep(wait.next())

    async def _step(self, consumer: Any) -> None:
        fetched = await consumer.getmany(timeout_ms=WAIT_MS, max_records=AT_ONCE)
        for at, records in fetched.items():
            await self._take(at.topic, records)
        if fetched:
            try:
                await consumer.commit()
            except (CommitFailedError, IllegalStateError) as error:  # others have the partition, and keep it again
                log.info("not acknowledged", error=f"{type(error).__name__}: {error}"[:300])

    async def _take(self, topic: str, records: Sequence[Any]) -> None:
        rejected = await self._kept(topic, [(record.value or b"", record.headers) for record in records])
        for one in rejected:
            await self._bury(one, topic)
        self.records += len(records)
        self.refused += len(rejected)

    async def _kept(self, topic: str, values: Sequence[Value]) -> Sequence[Rejected]:
        while values:
            try:
                return await self._keep[topic](values)
            except UnavailableError as error:
                log.warning("database unavailable, findings wait in Kafka", error=str(error))
                await asyncio.sleep(REST)
        return ()
