"""Asks brokers about topics, and makes them."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it does not say that it exports them
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
    TopicDescription,
)
from msgspec import Struct

from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import AskError, AwayError, properties

ASK_SECONDS = 20.0
POLL_SECONDS = 0.005

K = TypeVar("K")
V = TypeVar("V")


class TopicsError(AskError):
    """Kafka refuses to tell about topics, or to make them; says which and why."""


class TopicLayout(Struct, frozen=True):
    """What a topic is like: `identity` no other topic ever has, `replication` is the least of its partitions."""

    identity: str
    partitions: int
    replication: int


class Admin:
    """A connection to ask and to make; `close` it. Every question raises `AwayError` when no broker answers it."""

    def __init__(self, kafka: Kafka) -> None:
        self._heard = ""
        self._away = False
        self._open = ExitStack()
        told = properties(kafka) | {"error_cb": self._hear}
        self._client = self._open.enter_context(AdminClient(told))

    def close(self) -> None:
        """What was asked and not answered stays so."""
        self._open.close()

    async def describe(self, names: Sequence[str]) -> dict[str, TopicLayout]:
        """What there is of the named topics. Raises `TopicsError`."""
        self._listen()
        answers = self._client.describe_topics(TopicCollection(list(names)), request_timeout=ASK_SECONDS)
        await self._answered(answers)
        told = {name: told_of(name, answer, KafkaError.UNKNOWN_TOPIC_OR_PART) for name, answer in answers.items()}
        return {name: layout_of(found) for name, found in told.items() if found is not None}

    async def settings(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        """All settings of the named topics. Raises `TopicsError`."""
        if not names:
            return {}
        self._listen()
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        answers = self._client.describe_configs(resources, request_timeout=ASK_SECONDS)
        await self._answered(answers)
        told = {resource.name: told_of(resource.name, answer) for resource, answer in answers.items()}
        return {name: {key: entry.value for key, entry in (found or {}).items()} for name, found in told.items()}

    async def create(self, topics: Sequence[NewTopic]) -> None:
        """Make topics that are not there. Raises `TopicsError`."""
        self._listen()
        answers = self._client.create_topics(list(topics), request_timeout=ASK_SECONDS)
        await self._answered(answers)
        for name, answer in answers.items():
            told_of(name, answer, KafkaError.TOPIC_ALREADY_EXISTS)

    async def _answered(self, answers: Mapping[K, "Future[V]"]) -> None:
        """Until all are there, or it is clear that none will come."""
        while not all(answer.done() for answer in answers.values()):
            self._client.poll(0)
            if self._away:
                raise AwayError(self._heard)
            await asyncio.sleep(POLL_SECONDS)

    def _listen(self) -> None:
        """What was heard while nobody asked is over."""
        self._client.poll(0)
        self._away = False

    def _hear(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._away = True
        else:
            self._heard = error.str()


def told_of(name: str, answer: "Future[V]", expected: int = KafkaError.NO_ERROR) -> V | None:
    """The answer about one topic; None for an error that was expected."""
    try:
        return answer.result()
    except KafkaException as error:
        problem: KafkaError = error.args[0]
    if problem.code() == expected:
        return None
    if problem.code() < 0:
        raise AwayError(problem.str())
    raise TopicsError(f"{name}: {problem.str()}")


def layout_of(found: TopicDescription) -> TopicLayout:
    """The same in our words."""
    identity = urlsafe_b64decode(f"{found.topic_id}==").hex()
    return TopicLayout(identity, len(found.partitions), min(len(partition.replicas) for partition in found.partitions))
