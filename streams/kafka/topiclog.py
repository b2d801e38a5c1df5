"""Asks Kafka about a log: where it begins and ends, what stands at an offset."""

from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]  # it ships no types
from aiokafka.errors import KafkaError, OffsetOutOfRangeError  # type: ignore[import-untyped]  # it ships no types

from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import AwayError, arguments

FETCH_MS = 10_000


class TopicLog:
    """What the brokers say about the offsets of one topic; each question raises `AwayError` when they say nothing."""

    def __init__(self, kafka: Kafka, topic: str) -> None:
        self.topic = topic
        self._arguments = arguments(kafka)
        self._asking = AIOKafkaConsumer(**self._arguments, enable_auto_commit=False)

    async def start(self) -> None:
        """Connect. Raises `AwayError`."""
        with answered():
            await self._asking.start()

    async def stop(self) -> None:
        """Close."""
        await self._asking.stop()

    async def ends(self, partitions: Iterable[int]) -> dict[int, int]:
        """The offset that the next record of each partition will have."""
        return await self._told(self._asking.end_offsets, partitions)

    async def beginnings(self, partitions: Iterable[int]) -> dict[int, int]:
        """The oldest offset that is still kept of each partition."""
        return await self._told(self._asking.beginning_offsets, partitions)

    async def _told(
        self, question: Callable[[list[Any]], Coroutine[Any, Any, dict[Any, int]]], partitions: Iterable[int]
    ) -> dict[int, int]:
        with answered():
            answer = await question([TopicPartition(self.topic, partition) for partition in partitions])
        return {at.partition: offset for at, offset in answer.items()}

    async def first_from(self, partition: int, offset: int) -> int | None:
        """The first offset from `offset` on at which a record stands; None when there is none."""
        at = TopicPartition(self.topic, partition)
        consumer = AIOKafkaConsumer(**self._arguments, enable_auto_commit=False, auto_offset_reset="none")
        with answered():
            await consumer.start()
            try:
                consumer.assign([at])
                consumer.seek(at, offset)
                found = await consumer.getmany(at, timeout_ms=FETCH_MS, max_records=1)
            except OffsetOutOfRangeError:
                return None
            finally:
                await consumer.stop()
        return next((record.offset for records in found.values() for record in records), None)


@contextmanager
def answered() -> Iterator[None]:
    """What the client raises when no broker answers becomes ours."""
    try:
        yield
    except KafkaError as error:
        raise AwayError(f"{type(error).__name__}: {error}"[:300]) from error
