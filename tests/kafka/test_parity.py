"""The same log gives the same findings, byte for byte: the engine alone, one worker, three, or a changing crew."""

import asyncio
import signal
from collections.abc import Sequence
from itertools import groupby, islice
from pathlib import Path

import msgspec
import pytest

from detector.contract.events import AnyEvent, Control
from streams.config.installation import Installation
from streams.runtime.embedded import Embedded
from streams.runtime.partition import Partition
from streams.runtime.tables import tables
from streams.store.checkpoints import SqlCheckpoints
from streams.store.journal.journal import Journal
from streams.store.migrate import opened
from streams.store.stream import StreamStore
from tests.bench.traffic import SETTINGS
from tests.kafka.fleet import PARTITIONS, fleet_of
from tests.kafka.governing import CHANGE, governed
from tests.kafka.running import Kafka
from tests.kafka.traffic import Log, interleaved, parted, traffic, wanted

EVENTS = 12_000


@pytest.fixture(scope="module")
def log() -> Log:
    return governed(parted(traffic(EVENTS), PARTITIONS))


@pytest.fixture(scope="module")
def right(log: Log) -> list[bytes]:
    found = wanted(log)
    assert len(found) > 200
    states = {one.get("status") for one in map(msgspec.json.decode, found)}
    assert {"active", "lifted", "contained", "closed"} <= states
    return found


async def test_the_embedded_runtime(log: Log, right: list[bytes], tmp_path: Path) -> None:
    """In SQLite, each partition up to its middle, then the rest: what its outbox holds is what Kafka would get."""
    database = opened(f"sqlite:///{tmp_path / 'stream.db'}", "stream")
    store = StreamStore(database)
    worker = Partition(SETTINGS, tables(Installation()), SqlCheckpoints(database))
    runtime = Embedded(worker, store, Journal(database))
    await runtime.recover()
    writing = asyncio.create_task(runtime._write())  # without delivery, which empties the outbox
    middles = {partition: events.index(CHANGE) for partition, events in log.items()}
    for partition, events in log.items():
        await put(runtime, events[: middles[partition]])
    await runtime.put_control([CHANGE])
    for partition, events in log.items():
        await put(runtime, events[middles[partition] + 1 :])
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    found = {(one.finding_id, one.revision): one.body for one in store.undelivered(len(right) + 1)}
    await runtime.close()
    database.dispose()
    assert [found[key] for key in sorted(found)] == right


async def put(runtime: Embedded, events: Sequence[AnyEvent]) -> None:
    """What comes from outside in batches, what is ours by its own door."""
    for ours, run in groupby(events, lambda event: isinstance(event, Control)):
        while batch := list(islice(run, 97)):
            await (runtime.put_control(batch) if ours else runtime.put(batch))


async def test_one_worker(log: Log, right: list[bytes], broker: Kafka, prefix: str, postgres_database: str,
                          tmp_path: Path) -> None:  # fmt: skip
    async with fleet_of(broker, prefix, postgres_database, tmp_path) as fleet:
        await fleet.publish(interleaved(log, 1), sealed=True)
        fleet.start()
        await fleet.settled()
        assert await fleet.findings() == right


async def test_three_workers(log: Log, right: list[bytes], broker: Kafka, prefix: str, postgres_database: str,
                             tmp_path: Path) -> None:  # fmt: skip
    async with fleet_of(broker, prefix, postgres_database, tmp_path) as fleet:
        members = [fleet.start(name) for name in ("one", "two", "three")]
        for member in members:
            await member.owns(at_least=PARTITIONS // 3)
        await fleet.publish(interleaved(log, 2), sealed=True)
        await fleet.settled()
        assert await fleet.findings() == right


async def test_workers_join_and_leave_midway(log: Log, right: list[bytes], broker: Kafka, prefix: str,
                                             postgres_database: str, tmp_path: Path) -> None:  # fmt: skip
    async with fleet_of(broker, prefix, postgres_database, tmp_path) as fleet:
        publishing = asyncio.create_task(fleet.publish(interleaved(log, 3), pause=0.02, sealed=True))
        first = fleet.start("one", static=False)
        await fleet.first_finding()
        second = fleet.start("two", static=False)
        await second.owns(at_least=PARTITIONS // 2)
        first.send(signal.SIGTERM)
        assert await first.ended() == 0
        await publishing
        await fleet.settled()
        assert await fleet.findings() == right
