"""A leader falls, a clock jumps, the log is cut: no finding is lost, and what is lost is told."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from tests.bench.traffic import START
from tests.kafka.fleet import PARTITIONS, Fleet, fleet_of
from tests.kafka.running import Kafka
from tests.kafka.traffic import Log, interleaved, parted, traffic, wanted

PROGRAM = "from streams.cli.main import app; app()"

EVENTS = 8_000
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
JUMPS = (timedelta(days=2), timedelta(days=-2), timedelta(0))


@pytest.fixture(scope="module")
def log() -> Log:
    return parted(traffic(EVENTS, seed=6), PARTITIONS)


@pytest.fixture(scope="module")
def right(log: Log) -> list[bytes]:
    return wanted(log)


async def test_leaders_fall_while_a_worker_and_a_producer_are_at_work(
    cluster: Kafka, prefix: str, postgres_database: str, tmp_path: Path, log: Log, right: list[bytes]
) -> None:
    async with fleet_of(cluster, prefix, postgres_database, tmp_path) as fleet:
        member = fleet.start("one")
        publishing = asyncio.create_task(fleet.publish(interleaved(log, 5), pause=0.03))
        await fleet.first_finding()
        for node in (1, 2):
            assert await leads(fleet, node), "its fall would prove nothing"
            await asyncio.to_thread(cluster.kill, node)
            await asyncio.sleep(3)
            await asyncio.to_thread(cluster.start, node)
        await publishing
        await fleet.settled()
        assert member.running
        assert await fleet.findings() == right


async def leads(fleet: Fleet, node: int) -> bool:
    """Whether a node is the leader of any partition of the log or of the findings."""
    admin = AIOKafkaAdminClient(bootstrap_servers=fleet.bootstrap)
    await admin.start()
    try:
        topics = await admin.describe_topics([fleet.events, fleet.findings_topic])
    finally:
        await admin.close()
    return any(partition["leader"] == node for topic in topics for partition in topic["partitions"])


async def test_a_log_that_was_cut_before_it_was_processed_is_told_and_the_rest_goes_on(fleet: Fleet, log: Log) -> None:
    values = interleaved(log, 7)
    half = len(values) // 2
    await fleet.publish(values[:half])
    member = fleet.start("one")
    await fleet.settled()
    member.kill()
    saved = fleet.saved()
    await fleet.publish(values[half:])
    admin = AIOKafkaAdminClient(bootstrap_servers=fleet.bootstrap)
    await admin.start()
    partition = max(saved, key=lambda number: saved[number])
    cut = saved[partition] + 3
    await admin.delete_records({TopicPartition(fleet.events, partition): RecordsToDelete(cut)})
    await admin.close()
    fleet.start("one")
    await fleet.settled()
    (letter,) = await fleet.letters()
    assert letter["reason"] == (
        f"records {saved[partition]} to {cut - 1} were cut off by the log's retention before they were processed"
    )
    assert letter["partition"] == partition


class Jumpy:
    """A worker in a process whose clock can be set while it runs; only the one that people set, not the steady one.

    Before it jumps it is an hour behind the traffic: ticks that are right change nothing, and those of a jump would.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._offset = fleet.folder / "offset"
        self._right = START - timedelta(hours=1) - datetime.now(UTC)
        self.jump(timedelta(0))
        self._said = (fleet.folder / "jumpy.stderr").open("w+b")
        fleet.start("jumpy").kill()  # for its configuration
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "worker", "-c", fleet.folder / "jumpy.yaml"],
            stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said,
            env=os.environ | {
                "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self._offset),
                "FAKETIME_CACHE_DURATION": "1", "DONT_FAKE_MONOTONIC": "1",
                "RINGFENCE_TEST_DATABASE": fleet.through,
            },
        )  # fmt: skip

    def jump(self, away: timedelta) -> None:
        """The clock jumps so far away from the right time."""
        beside = self._offset.with_suffix(".new")
        beside.write_text(f"{(self._right + away).total_seconds():+.0f}")
        beside.replace(self._offset)

    def said(self) -> str:
        return Path(self._said.name).read_text()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        self._said.close()


@pytest.fixture
def jumpy(fleet: Fleet) -> Iterator[Jumpy]:
    if FAKETIME is None:
        reason = "libfaketime is not installed (Debian: apt-get install faketime)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    made = Jumpy(fleet)
    yield made
    made.close()


async def test_a_clock_jumps_by_days_while_the_worker_is_at_work(
    fleet: Fleet, jumpy: Jumpy, log: Log, right: list[bytes]
) -> None:
    """Ticks two days ahead would end windows and blocks, and make what comes after them late."""
    values = interleaved(log, 6)
    share = -(-len(values) // (len(JUMPS) + 1))
    for step, away in enumerate((timedelta(0), *JUMPS)):
        jumpy.jump(away)
        await asyncio.sleep(3)  # a second until it is seen, and more than one look, each of which may tick
        await fleet.publish(values[step * share : (step + 1) * share])
        await fleet.settled()
    assert await fleet.findings() == right
    assert "the clock jumped" in jumpy.said()
