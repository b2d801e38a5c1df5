"""The topics Ringfence works with: what they must be like, what they are like, and how they come to be."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import closing

from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]  # it does not say that it exports it
from msgspec import Struct

from streams.config.kafka_settings import Kafka
from streams.kafka.admin import ASK_SECONDS, Admin
from streams.kafka.connecting import LARGEST, AwayError

DAY = 86_400_000
LEARN_SECONDS = 0.05


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
    """Every topic as it is and what differs. Raises `AwayError`, `TopicsError`."""
    topics = wanted(kafka)
    with closing(Admin(kafka)) as admin:
        layouts = await admin.describe([one.name for one in topics])
        settings = await admin.settings(list(layouts))
    found = {name: FoundTopic(one.partitions, one.replication, settings[name]) for name, one in layouts.items()}
    return [TopicCheck(one, found.get(one.name), differences(one, found.get(one.name))) for one in topics]


async def create(kafka: Kafka, topics: Sequence[Topic]) -> None:
    """Make topics; one that is there is left as it is. Raises `AwayError`, `TopicsError`."""
    new = [NewTopic(one.name, one.partitions, one.replication, config=dict(one.settings)) for one in topics]
    with closing(Admin(kafka)) as admin:
        await admin.create(new)
        until = time.monotonic() + ASK_SECONDS
        while len(await admin.describe([one.name for one in topics])) < len(topics):  # each broker learns in its time
            if time.monotonic() > until:
                raise AwayError("topics were made, and not all brokers know of them yet")
            await asyncio.sleep(LEARN_SECONDS)


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
