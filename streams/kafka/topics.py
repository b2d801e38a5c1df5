"""The topics Ringfence works with: what they must be like, what they are like, and how they come to be."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]  # it ships no types
from aiokafka.admin.config_resource import (  # type: ignore[import-untyped]  # it ships no types
    ConfigResource,
    ConfigResourceType,
)
from aiokafka.errors import for_code  # type: ignore[import-untyped]  # it ships no types
from msgspec import Struct

from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import LARGEST, arguments

DAY = 86_400_000
UNKNOWN, EXISTS = 3, 36
ASK_MS = 20_000
LEARN = 0.05


class Topic(Struct, frozen=True):
    """What a topic is to be like; `settings` are Kafka's names and values."""

    name: str
    partitions: int
    replication: int
    settings: Mapping[str, str]


class FoundTopic(Struct, frozen=True):
    """What a topic is like: `replication` is the least of its partitions, `settings` all there are."""

    partitions: int
    replication: int
    settings: Mapping[str, str]


class TopicCheck(Struct, frozen=True):
    """One topic against what is wanted; `differences` are sentences for people, empty when all is well."""

    wanted: Topic
    found: FoundTopic | None
    differences: tuple[str, ...]


class TopicsError(RuntimeError):
    """Kafka refuses to tell about topics, or to make them; says which and why."""


def wanted(kafka: Kafka) -> tuple[Topic, ...]:
    """All topics, the log first. What each is for and who may use it is in docs/topics.md."""
    return (
        topic(kafka, "events", days=7, largest=LARGEST),
        topic(kafka, "control", days=30, partitions=1),
        topic(kafka, "findings", days=30),
        topic(kafka, "sightings", days=7),
        topic(kafka, "dead-letters", days=30, partitions=1),
    )


def topic(kafka: Kafka, name: str, *, days: int, partitions: int | None = None, largest: int | None = None) -> Topic:
    """Kept by age alone, and by the broker's clock: a producer's clock must not delete the log."""
    settings = {
        "cleanup.policy": "delete",
        "retention.ms": str(days * DAY),
        "retention.bytes": "-1",
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": str(max(1, kafka.replication - 1)),
        "unclean.leader.election.enable": "false",
    }
    if largest is not None:
        settings["max.message.bytes"] = str(largest)
    return Topic(f"{kafka.prefix}.{name}", partitions or kafka.partitions, kafka.replication, settings)


async def check(kafka: Kafka) -> list[TopicCheck]:
    """Every topic as it is and what differs. Raises `KafkaError` when no broker answers, `TopicsError`."""
    topics = wanted(kafka)
    async with Admin(kafka) as admin:
        found = await admin.describe([one.name for one in topics])
    return [TopicCheck(one, found.get(one.name), differences(one, found.get(one.name))) for one in topics]


async def create(kafka: Kafka, topics: Sequence[Topic]) -> None:
    """Make topics; one that is there is left as it is. Raises `KafkaError`, `TopicsError`, TimeoutError."""
    async with Admin(kafka) as admin:
        await admin.create(topics)


def differences(topic: Topic, found: FoundTopic | None) -> tuple[str, ...]:
    """What is not as wanted, each with both values."""
    if found is None:
        return ("missing",)
    told = []
    if found.partitions != topic.partitions:
        told.append(
            f"{found.partitions} partitions, not {topic.partitions}: this needs a migration, see docs/topics.md"
        )
    if found.replication < topic.replication:
        told.append(f"{found.replication} copies, not {topic.replication}")
    told += [
        f"{name} is {found.settings.get(name, 'not set')}, not {value}"
        for name, value in topic.settings.items()
        if found.settings.get(name) != value
    ]
    return tuple(told)


class Admin:
    """A connection to ask and to make; use it as a context."""

    def __init__(self, kafka: Kafka) -> None:
        self._client = AIOKafkaAdminClient(**arguments(kafka), request_timeout_ms=ASK_MS)

    async def __aenter__(self) -> "Admin":
        try:
            await self._client.start()
        except BaseException:
            await self._client.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def describe(self, names: Sequence[str]) -> dict[str, FoundTopic]:
        """What there is of the named topics."""
        layouts: dict[str, tuple[int, int]] = {}
        for one in await self._client.describe_topics(list(names)):
            if one["error_code"] == UNKNOWN:
                continue
            refused(one["topic"], one["error_code"])
            copies = [len(partition["replicas"]) for partition in one["partitions"]]
            layouts[one["topic"]] = (len(copies), min(copies))
        settings = await self._settings(list(layouts))
        return {name: FoundTopic(*layout, settings[name]) for name, layout in layouts.items()}

    async def _settings(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        answers = await self._client.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        )
        told: dict[str, dict[str, str]] = {}
        for answer in answers:
            for error, message, _, name, entries in answer.resources:
                refused(name, error, message)
                told[name] = {entry[0]: entry[1] for entry in entries}
        return told

    async def create(self, topics: Sequence[Topic]) -> None:
        """Make topics that are not there."""
        new = [NewTopic(one.name, one.partitions, one.replication, topic_configs=dict(one.settings)) for one in topics]
        answer = await self._client.create_topics(new)
        for name, error, message in answer.topic_errors:
            if error != EXISTS:
                refused(name, error, message)
        async with asyncio.timeout(ASK_MS / 1_000):  # each broker learns of them in its own time
            while True:
                if len(await self.describe([one.name for one in topics])) == len(topics):
                    return
                await asyncio.sleep(LEARN)


def refused(name: str, code: int, message: str | None = None) -> None:
    """Raises `TopicsError` unless the code is that of success."""
    if code:
        error: Any = for_code(code)
        raise TopicsError(f"{name}: {message or error.description}")
