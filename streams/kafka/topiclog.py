"""Asks Kafka about the log itself: which one it is, where it begins and ends, what stands at an offset."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]  # it ships no types
from aiokafka.client import AIOKafkaClient  # type: ignore[import-untyped]  # it ships no types
from aiokafka.errors import KafkaError, OffsetOutOfRangeError  # type: ignore[import-untyped]  # it ships no types
from aiokafka.protocol.api import Request, RequestStruct, Response  # type: ignore[import-untyped]  # it ships no types
from aiokafka.protocol.types import (  # type: ignore[import-untyped]  # it ships no types
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

NO_ERROR, UNKNOWN_TOPIC = 0, 3
FETCH_MS = 10_000


class LogChangedError(RuntimeError):
    """The topic is not the one that this memory was made from."""


class NoTopicError(KafkaError):  # type: ignore[misc]  # its base has no types
    """There is no topic of this name."""


class Uuid:
    """16 bytes."""

    @classmethod
    def decode(cls, data: Any) -> bytes:
        """The bytes as they are."""
        return bytes(data.read(16))

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        """The bytes as they are."""
        return value


class MetadataResponseV10(Response):  # type: ignore[misc]  # its base has no types
    """The first version that tells the id of a topic, which a topic of the same name made anew does not share."""

    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", CompactArray(
            ("node_id", Int32), ("host", CompactString("utf-8")), ("port", Int32), ("rack", CompactString("utf-8")),
            ("tags", TaggedFields),
        )),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        ("topics", CompactArray(
            ("error_code", Int16), ("name", CompactString("utf-8")), ("topic_id", Uuid), ("is_internal", Boolean),
            ("partitions", CompactArray(
                ("error_code", Int16), ("partition", Int32), ("leader", Int32), ("leader_epoch", Int32),
                ("replicas", CompactArray(Int32)), ("isr", CompactArray(Int32)), ("offline", CompactArray(Int32)),
                ("tags", TaggedFields),
            )),
            ("authorized", Int32),
            ("tags", TaggedFields),
        )),
        ("authorized", Int32),
        ("tags", TaggedFields),
    )  # fmt: skip


class MetadataRequestV10(RequestStruct):  # type: ignore[misc]  # its base has no types
    """Asks for topics by name."""

    API_KEY = 3
    API_VERSION = 10
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = MetadataResponseV10
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", Uuid), ("name", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class MetadataRequest(Request[MetadataRequestV10]):  # type: ignore[misc]  # its base has no types
    """Asks for one topic."""

    API_KEY: ClassVar[int] = 3

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def build(self, request_struct_class: type[MetadataRequestV10]) -> MetadataRequestV10:
        """The request as it goes over the wire."""
        return request_struct_class([(bytes(16), self._topic, {})], False, False, False, {})


class TopicLog:
    """What the brokers say about one topic. Every question raises `KafkaError` when they cannot be asked."""

    def __init__(self, client: Mapping[str, Any], topic: str) -> None:
        self.topic = topic
        self._arguments = client
        self._client = AIOKafkaClient(**client)
        self._asking = AIOKafkaConsumer(**client, enable_auto_commit=False)

    async def start(self) -> None:
        """Connect. Raises `KafkaError`."""
        await self._client.bootstrap()
        await self._asking.start()

    async def stop(self) -> None:
        """Close."""
        await self._asking.stop()
        await self._client.close()

    async def identity(self) -> tuple[str, int]:
        """The topic's id, which no other topic ever has, and how many partitions it has.

        Raises `NoTopicError`.
        """
        answer = await self._client.send(self._client.get_random_node(), MetadataRequest(self.topic))
        error, _, topic_id, _, partitions, *_ = answer.topics[0]
        if error == UNKNOWN_TOPIC:
            raise NoTopicError(f"there is no topic {self.topic}; ringfence topics makes it")
        if error != NO_ERROR:
            raise KafkaError(f"topic {self.topic}: error {error}")
        return topic_id.hex(), len(partitions)

    async def ends(self, partitions: Iterable[int]) -> dict[int, int]:
        """The offset that the next record of each partition will have."""
        return await self._told(self._asking.end_offsets, partitions)

    async def beginnings(self, partitions: Iterable[int]) -> dict[int, int]:
        """The oldest offset that is still kept of each partition."""
        return await self._told(self._asking.beginning_offsets, partitions)

    async def _told(self, question: Any, partitions: Iterable[int]) -> dict[int, int]:
        answer = await question([TopicPartition(self.topic, partition) for partition in partitions])
        return {at.partition: offset for at, offset in answer.items()}

    async def first_from(self, partition: int, offset: int) -> int | None:
        """The first offset from `offset` on at which a record stands; None when there is none."""
        at = TopicPartition(self.topic, partition)
        consumer = AIOKafkaConsumer(**self._arguments, enable_auto_commit=False, auto_offset_reset="none")
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
