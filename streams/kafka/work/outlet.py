"""What a worker writes to Kafka: findings, sightings, dead letters, events of other partitions and ticks."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]  # it ships no types
from msgspec import Struct

from detector.contract.codec import Rejected, encode_finding
from detector.contract.events import Tick
from detector.contract.findings import AnyFinding
from streams.kafka.connecting import LARGEST, key_of
from streams.kafka.seal import Headers, Seals
from streams.kafka.sighting_seal import Sealed
from streams.kafka.work.judge import Foreign
from streams.runtime.clock import utc_now

LINGER_MS = 2
REQUEST_MS = 60_000


class LogPlace(Struct, frozen=True):
    """Where a record stands in the log of events."""

    topic: str
    partition: int
    offset: int


class Outlet:
    """An idempotent producer; `flush` returns when all that was sent before it is kept by the brokers.

    While brokers are away it waits. A record that they refuse makes every later `flush` raise `KafkaError`: then
    nothing may be acknowledged any more. What is sent again after a crash is the same again.
    """

    def __init__(
        self, client: Mapping[str, Any], prefix: str, partition_of: Callable[[str], int], seals: Seals
    ) -> None:
        self._producer = AIOKafkaProducer(
            **client,
            enable_idempotence=True,
            acks="all",
            linger_ms=LINGER_MS,
            request_timeout_ms=REQUEST_MS,
            max_request_size=LARGEST,
        )
        self._partition_of = partition_of
        self._seals = seals
        self._events, self._findings, self._sightings, self._dead = (
            f"{prefix}.{name}" for name in ("events", "findings", "sightings", "dead-letters")
        )
        self._waiting: set[asyncio.Future[Any]] = set()
        self._failed: BaseException | None = None

    async def start(self) -> None:
        """Connect. Raises `KafkaError`."""
        await self._producer.start()

    async def stop(self) -> None:
        """Send what is waiting, and close."""
        await self._producer.stop()

    async def findings(self, findings: Iterable[AnyFinding]) -> None:
        """All findings of a PBX stay in their order, under our seal: what a gateway does follows from them."""
        for finding in findings:
            value = encode_finding(finding)
            await self._send(self._findings, finding.pbx, value, self._seals.headers(value, self._findings))

    async def sightings(self, sightings: Iterable[Sealed]) -> None:
        """What concerns the whole fleet, by address or block of numbers."""
        for one in sightings:
            await self._send(self._sightings, one.key, one.value, one.headers)

    async def forward(self, foreign: Iterable[Foreign]) -> None:
        """Events to the partition where their PBX belongs."""
        for one in foreign:
            await self._send(self._events, one.pbx, one.value, (), self._partition_of(one.pbx))

    async def bury(self, rejected: Iterable[Rejected], place: LogPlace) -> None:
        """What cannot be used, with the reason and where it stands."""
        now = utc_now()
        for one in rejected:
            letter = {"at": now, **msgspec.structs.asdict(one), **msgspec.structs.asdict(place)}
            await self._send(self._dead, f"{place.topic}-{place.partition}", msgspec.json.encode(letter))

    async def ticks(self, ticks: Sequence[Tick]) -> None:
        """Time that has passed, as events of their PBXs."""
        for tick in ticks:
            await self._send(self._events, tick.pbx, msgspec.json.encode(tick), (), self._partition_of(tick.pbx))

    async def flush(self) -> None:
        """Until everything sent so far is durable. Raises what kept something from being so."""
        if self._waiting:
            await asyncio.wait(set(self._waiting))
        if self._failed is not None:
            raise self._failed

    async def _send(
        self, topic: str, key: str, value: bytes, headers: Headers = (), partition: int | None = None
    ) -> None:
        sent = await self._producer.send(topic, value, key_of(key), headers=list(headers), partition=partition)
        self._waiting.add(sent)
        sent.add_done_callback(self._done)

    def _done(self, sent: asyncio.Future[Any]) -> None:
        self._waiting.discard(sent)
        if sent.cancelled():
            return
        error = sent.exception()
        if error is not None and self._failed is None:
            self._failed = error
