"""Whatever is killed, stopped or taken away: no finding is lost, none is invented."""

import asyncio
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tests.kafka.door import Door
from tests.kafka.fleet import PARTITIONS, WITHIN, Fleet, Member
from tests.kafka.running import Kafka
from tests.kafka.traffic import Log, interleaved, parted, traffic, wanted

EVENTS = 8_000
KILLS = 10


@pytest.fixture(scope="module")
def log() -> Log:
    return parted(traffic(EVENTS, seed=5), PARTITIONS)


@pytest.fixture(scope="module")
def right(log: Log) -> list[bytes]:
    return wanted(log)


async def test_a_worker_is_killed_ten_times_under_load(fleet: Fleet, log: Log, right: list[bytes]) -> None:
    publishing = asyncio.create_task(fleet.publish(interleaved(log, 1), pause=0.06))
    for killed in range(KILLS):
        member = fleet.start("one")
        await member.owns(times=killed + 1)
        await asyncio.sleep(0.3)
        member.kill()
    await publishing
    fleet.start("one")
    await fleet.settled()
    assert await fleet.findings() == right


async def test_the_broker_is_killed_and_started_again(
    fleet: Fleet, broker: Kafka, log: Log, right: list[bytes]
) -> None:
    member = fleet.start("one")
    publishing = asyncio.create_task(fleet.publish(interleaved(log, 2), pause=0.02))
    await fleet.first_finding()
    await asyncio.to_thread(broker.kill)
    await asyncio.to_thread(broker.start)
    await publishing
    await fleet.settled()
    assert member.running
    assert await fleet.findings() == right


async def test_the_database_is_away_for_a_while(fleet: Fleet, log: Log, right: list[bytes], tmp_path: Path) -> None:
    door = Door(fleet.database, tmp_path / "door")
    fleet.through = door.url
    values = interleaved(log, 3)
    async with door:
        member = fleet.start("one")
        await fleet.publish(values[:100])
        await fleet.settled()
    await fleet.publish(values[100:])
    await said(member, "database unavailable")
    async with door:
        await fleet.settled()
        assert member.running
    assert await fleet.findings() == right


async def test_a_topic_made_anew_ends_the_worker(fleet: Fleet, log: Log) -> None:
    values = interleaved(log, 4)
    member = fleet.start("one")
    await fleet.publish(values[:100])
    await fleet.settled()
    with AdminClient({"bootstrap.servers": fleet.bootstrap}) as admin:
        await asyncio.wrap_future(admin.delete_topics([fleet.events])[fleet.events])
    await asyncio.sleep(0.5)
    await fleet.prepare()
    assert await member.ended() == 1
    assert "made anew" in member.said()
    await fleet.publish(values)  # the log is longer than what was reached: its offsets alone would not tell
    again = fleet.start("one")
    assert await again.ended() == 1, again.said()
    assert "memory and log do not belong together" in again.said()


async def said(member: Member, text: str) -> None:
    """Until it has said so."""
    async with asyncio.timeout(WITHIN):
        while True:
            if text in member.said():
                return
            await asyncio.sleep(0.1)
