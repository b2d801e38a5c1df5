"""The same log gives the same findings, byte for byte: the engine alone, one worker, three, or a changing crew."""

import asyncio
import signal
from pathlib import Path

import pytest

from streams.embedded import Embedded
from streams.store.checkpoints import SqlCheckpoints
from streams.store.journal import Journal
from streams.store.migrate import opened
from streams.store.stream import StreamStore
from streams.tables import tables
from streams.worker import Worker
from tests.bench.traffic import SETTINGS
from tests.kafka.fleet import PARTITIONS, fleet_of
from tests.kafka.running import Kafka
from tests.kafka.traffic import Log, interleaved, parted, traffic, wanted

EVENTS = 12_000


@pytest.fixture(scope="module")
def log() -> Log:
    return parted(traffic(EVENTS), PARTITIONS)


@pytest.fixture(scope="module")
def right(log: Log) -> list[bytes]:
    found = wanted(log)
    assert len(found) > 200
    return found


async def test_the_embedded_runtime(log: Log, right: list[bytes], tmp_path: Path) -> None:
    """The same events in SQLite, a partition after the other: what stands in its outbox is what Kafka would get."""
    database = opened(f"sqlite:///{tmp_path / 'stream.db'}", "stream")
    store = StreamStore(database)
    worker = Worker(SETTINGS, tables(SETTINGS), SqlCheckpoints(database))
    runtime = Embedded(worker, store, Journal(database))
    await runtime.recover()
    writing = asyncio.create_task(runtime._write())  # without delivery, which empties the outbox
    for events in log.values():
        for start in range(0, len(events), 97):
            await runtime.put(events[start : start + 97])
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    found = {(one.finding_id, one.revision): one.body for one in store.undelivered(len(right) + 1)}
    await runtime.close()
    database.dispose()
    assert [found[key] for key in sorted(found)] == right


async def test_one_worker(log: Log, right: list[bytes], broker: Kafka, prefix: str, postgres_database: str,
                          tmp_path: Path) -> None:  # fmt: skip
    async with fleet_of(broker, prefix, postgres_database, tmp_path) as fleet:
        await fleet.publish(interleaved(log, 1))
        fleet.start()
        await fleet.settled()
        assert await fleet.findings() == right


async def test_three_workers(log: Log, right: list[bytes], broker: Kafka, prefix: str, postgres_database: str,
                             tmp_path: Path) -> None:  # fmt: skip
    async with fleet_of(broker, prefix, postgres_database, tmp_path) as fleet:
        members = [fleet.start(name) for name in ("one", "two", "three")]
        for member in members:
            await member.owns(at_least=PARTITIONS // 3)
        await fleet.publish(interleaved(log, 2))
        await fleet.settled()
        assert await fleet.findings() == right


async def test_workers_join_and_leave_midway(log: Log, right: list[bytes], broker: Kafka, prefix: str,
                                             postgres_database: str, tmp_path: Path) -> None:  # fmt: skip
    async with fleet_of(broker, prefix, postgres_database, tmp_path) as fleet:
        publishing = asyncio.create_task(fleet.publish(interleaved(log, 3), pause=0.02))
        first = fleet.start("one", static=False)
        await fleet.first_finding()
        second = fleet.start("two", static=False)
        await second.owns(at_least=PARTITIONS // 2)
        first.send(signal.SIGTERM)
        assert await first.ended() == 0
        await publishing
        await fleet.settled()
        assert await fleet.findings() == right
