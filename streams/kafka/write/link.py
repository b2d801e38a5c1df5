"""The connection a process writes to Kafka by: made again until it holds, and made anew when it breaks."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import LARGEST, properties
from streams.kafka.seal import Seals, name_place
from streams.kafka.write.spool import Entry
from streams.runtime.backoff import Backoff

WRITING = {
    "enable.idempotence": True,
    "enable.gapless.guarantee": True,
    "linger.ms": 0,
    "batch.size": 512 * 1024,
    "message.max.bytes": LARGEST,
    "delivery.timeout.ms": 0,  # a record is tried until a broker has it, or until we give the producer up
    "socket.timeout.ms": 10_000,
    "request.timeout.ms": 10_000,
    "queue.buffering.max.messages": 0,
    "queue.buffering.max.kbytes": 2_097_151,
}
FIRST, MOST = 0.2, 5.0
STOP = 5.0
POLL_SECONDS = 0.05
REACH_SECONDS = 0.5
TOO_LARGE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE}

log = structlog.get_logger(__name__)
Sent = list["asyncio.Future[None]"]


class NotTakenError(RuntimeError):
    """No broker has a record; `too_large`: and none ever will."""

    def __init__(self, problem: str, *, too_large: bool = False) -> None:
        super().__init__(problem)
        self.too_large = too_large


class LinkSession:
    """One producer and the thread that serves it, until `broken`; records of a partition keep the order of sending.

    It is idempotent: a record is tried until a broker has it, and is there once. `up` says that a broker has answered,
    or that it is `broken` before.
    """

    def __init__(self, told: dict[str, Any], seals: Seals) -> None:
        self._seals = seals
        self._loop = asyncio.get_running_loop()
        self._producer = Producer(told | WRITING | {"error_cb": self._hear})
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="kafka link", daemon=True)
        self._heard: set[int] = set()
        self.up, self.broken = asyncio.Event(), asyncio.Event()
        self.useful = False
        self._thread.start()

    async def send(self, topic: str, partition: int, entries: Sequence[Entry], patience: float | None) -> Sent:
        """Hand over and wait for the brokers, at most `patience` seconds; `acknowledged` says how far that came."""
        sent = [self._hand_over(topic, partition, entry) for entry in entries]
        await self.settled_within(sent, patience)
        return sent

    async def settled(self, sent: Sent) -> None:
        """Until the brokers have answered for all, or the producer broke."""
        broken: asyncio.Future[Any] = asyncio.create_task(self.broken.wait())
        try:
            while waiting := [future for future in sent if not future.done()]:
                await asyncio.wait([*waiting, broken], return_when=asyncio.FIRST_COMPLETED)
                if broken.done():
                    return
        finally:
            broken.cancel()

    async def settled_within(self, sent: Sent, patience: float | None) -> None:
        """The same, at most `patience` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.settled(sent)

    async def stop(self) -> None:
        """Close. What no broker has by then is not sent any more."""
        self._end()
        self._stopping.set()
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self, topic: str, partition: int, entry: Entry) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = self._loop.create_future()
        future.add_done_callback(self._answered)
        headers: list[tuple[str, str | bytes | None]] = []
        if entry.sealed:
            headers += self._seals.headers(entry.value, name_place(topic, partition))
        try:
            self._producer.produce(
                topic, entry.value, entry.key, partition, headers=headers, on_delivery=partial(self._delivered, future)
            )
        except KafkaException as error:
            answer(future, error.args[0])
        except BufferError as error:
            future.set_exception(NotTakenError(str(error)))
        return future

    def _answered(self, future: "asyncio.Future[None]") -> None:
        error = None if future.cancelled() else future.exception()
        if error is None:
            self.useful = True
        elif isinstance(error, NotTakenError) and not error.too_large:
            self._break(str(error))

    def _break(self, problem: str) -> None:
        """The client stops at a record that was not taken, so that nothing overtakes it: a new one begins with it."""
        if not self.broken.is_set():
            log.warning("writing to Kafka failed, connecting anew", error=problem[:300])
        self._end()

    def _end(self) -> None:
        self.broken.set()
        self.up.set()

    # --- in the thread

    def _serve(self) -> None:
        try:
            while not self._stopping.is_set() and not self._reached():
                pass
            while not self._stopping.is_set():
                self._producer.poll(POLL_SECONDS)
        except KafkaException as error:
            self._in_loop(partial(self._break, error.args[0].str()))
        finally:
            self._close()

    def _close(self) -> None:
        """Give up what is on its way; each record is answered unless the producer had to stop at once."""
        for step in (self._producer.purge, partial(self._producer.flush, STOP), self._producer.close):
            with suppress(KafkaException):
                step()

    def _reached(self) -> bool:
        """Whether a broker has answered."""
        try:
            self._producer.list_topics(timeout=REACH_SECONDS)
        except KafkaException:
            self._producer.poll(0)
            return False
        self._in_loop(self.up.set)
        return True

    def _delivered(self, future: "asyncio.Future[None]", error: KafkaError | None, _: Message) -> None:
        self._in_loop(partial(answer, future, error))

    def _hear(self, error: KafkaError) -> None:
        """Errors on the way to the brokers, which the client gets over by itself."""
        if not self.up.is_set() and error.code() not in self._heard:
            self._heard.add(error.code())
            log.warning("Kafka cannot be reached", error=error.str()[:300])

    def _in_loop(self, work: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(work)


class Link:
    """Keeps a `session` while one can be had."""

    def __init__(self, kafka: Kafka, seals: Seals) -> None:
        self._told = properties(kafka)
        self._seals = seals
        self._up = asyncio.Event()
        self.session: LinkSession | None = None

    async def run(self) -> None:
        """Connect, and connect anew, until cancelled."""
        wait = Backoff(FIRST, MOST)
        while True:
            try:
                session = LinkSession(self._told, self._seals)
            except KafkaException as error:
                log.error("Kafka cannot be spoken to as configured", error=error.args[0].str()[:300])
                await asyncio.sleep(wait.next())
                continue
            try:
                await session.up.wait()
                self.session = session
                self._up.set()
                await session.broken.wait()
            finally:
                self._up.clear()
                self.session = None
                await session.stop()
            if session.useful:
                wait.reset()
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


def answer(future: "asyncio.Future[None]", error: KafkaError | None) -> None:
    """What the brokers say of a record."""
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(NotTakenError(error.str(), too_large=error.code() in TOO_LARGE))


def acknowledged(sent: Sent) -> int:
    """How many records from the first on the brokers have."""
    for count, future in enumerate(sent):
        if not future.done() or future.cancelled() or future.exception() is not None:
            return count
    return len(sent)


def too_large(sent: Sent) -> NotTakenError | None:
    """Why the first record that the brokers do not have can never be taken, if it cannot."""
    at = acknowledged(sent)
    error = sent[at].exception() if at < len(sent) and sent[at].done() and not sent[at].cancelled() else None
    return error if isinstance(error, NotTakenError) and error.too_large else None
