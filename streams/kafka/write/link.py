"""The connection a process writes to Kafka by: made again until it holds, and made anew when it breaks."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]  # it ships no types
from aiokafka.errors import (  # type: ignore[import-untyped]  # it ships no types
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    UnknownTopicOrPartitionError,
)

from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import LARGEST, arguments
from streams.kafka.seal import Seals
from streams.kafka.write.spool import Entry
from streams.runtime.backoff import Backoff

BATCH_BYTES = 512 * 1024
REQUEST_MS = 10_000
FIRST, MOST = 0.2, 5.0
STOP = 5.0
WAITING = (KafkaTimeoutError, UnknownTopicOrPartitionError, TimeoutError)
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)

log = structlog.get_logger(__name__)
Sent = list["asyncio.Future[Any]"]


class LinkSession:
    """One producer, until `broken`; records of a partition are kept in the order in which they are sent.

    It is idempotent: a record is tried until a broker has it, and is there once.
    """

    def __init__(self, producer: Any, seals: Seals) -> None:
        self._producer = producer
        self._seals = seals
        self.broken = asyncio.Event()

    async def send(self, topic: str, partition: int, entries: Sequence[Entry], patience: float | None) -> Sent:
        """Hand over and wait for the brokers, at most `patience` seconds; `acknowledged` says how far that came."""
        sent: Sent = []
        try:
            async with asyncio.timeout(patience):
                for entry in entries:
                    headers = self._seals.headers(entry.value) if entry.sealed else None
                    sent.append(await self._hand_over(topic, partition, entry, headers))
                await self.settled(sent)
        except WAITING:
            pass
        except KafkaError as error:
            self._break(error)
        return sent

    async def settled(self, sent: Sent) -> None:
        """Until the brokers have answered for all, or the producer broke."""
        broken = asyncio.ensure_future(self.broken.wait())
        try:
            while waiting := [future for future in sent if not future.done()]:
                await asyncio.wait([*waiting, broken], return_when=asyncio.FIRST_COMPLETED)
                if broken.done():
                    return
        finally:
            broken.cancel()

    async def settled_within(self, sent: Sent, patience: float) -> None:
        """The same, at most `patience` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.settled(sent)

    async def _hand_over(self, topic: str, partition: int, entry: Entry, headers: Any) -> "asyncio.Future[Any]":
        try:
            future: asyncio.Future[Any] = await self._producer.send(
                topic, entry.value, entry.key, partition=partition, headers=headers
            )
        except TOO_LARGE as error:
            future = asyncio.get_running_loop().create_future()
            future.set_exception(error)
        future.add_done_callback(self._answered)
        return future

    def _answered(self, future: "asyncio.Future[Any]") -> None:
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, TOO_LARGE):
            self._break(error)

    def _break(self, error: BaseException) -> None:
        """After an error the brokers' count of our records and ours may differ: only a new producer is sure of it."""
        if not self.broken.is_set():
            log.warning("writing to Kafka failed, connecting anew", error=f"{type(error).__name__}: {error}"[:300])
        self.broken.set()

    async def stop(self) -> None:
        """Close. What no broker has by then is not sent any more."""
        self.broken.set()
        # stop() alone would wait for all that is unsent, for ever if no broker comes back
        self._producer._message_accumulator.fail_all(KafkaConnectionError("closed"))
        with suppress(KafkaError, TimeoutError):
            await asyncio.wait_for(self._producer.stop(), STOP)


class Link:
    """Keeps a `session` while one can be had."""

    def __init__(self, kafka: Kafka, seals: Seals) -> None:
        self._arguments = arguments(kafka)
        self._seals = seals
        self._up = asyncio.Event()
        self.session: LinkSession | None = None

    async def run(self) -> None:
        """Connect, and connect anew, until cancelled."""
        wait = Backoff(FIRST, MOST)
        told = ""
        while True:
            try:
                session = await self._connected()
            except (KafkaError, OSError) as error:
                text = f"{type(error).__name__}: {error}"[:300]
                if text != told:
                    log.warning("Kafka cannot be reached", error=text)
                told = text
                await asyncio.sleep(wait.next())
                continue
            told = ""
            try:
                self.session = session
                self._up.set()
                await session.broken.wait()
            finally:
                self._up.clear()
                self.session = None
                await session.stop()
            await asyncio.sleep(wait.next())

    async def wait(self) -> LinkSession:
        """The session, as soon as there is one."""
        while self.session is None:
            await self._up.wait()
        return self.session

    async def within(self, patience: float) -> LinkSession | None:
        """The session, if there is one within `patience` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                return await self.wait()
        return None

    async def _connected(self) -> LinkSession:
        producer = AIOKafkaProducer(
            **self._arguments, acks="all", enable_idempotence=True, max_request_size=LARGEST,
            max_batch_size=BATCH_BYTES, request_timeout_ms=REQUEST_MS,
        )  # fmt: skip
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return LinkSession(producer, self._seals)


def acknowledged(sent: Sent) -> int:
    """How many records from the first on the brokers have."""
    for count, future in enumerate(sent):
        if not future.done() or future.cancelled() or future.exception() is not None:
            return count
    return len(sent)


def too_large(sent: Sent) -> BaseException | None:
    """Why the first record that the brokers do not have can never be taken, if it cannot."""
    at = acknowledged(sent)
    error = sent[at].exception() if at < len(sent) and sent[at].done() and not sent[at].cancelled() else None
    return error if isinstance(error, TOO_LARGE) else None
