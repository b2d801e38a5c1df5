"""Partitions change hands: five rules that keep every finding, one by one and between real processes."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import Engine as Database

from detector.contract.events import AnyEvent
from detector.settings import Settings
from streams.config.installation import Installation
from streams.kafka.seal import Seals
from streams.kafka.sighting_seal import nothing
from streams.kafka.work.judge import Judge
from streams.kafka.work.log_checkpoints import LogChangedError, LogCheckpoints
from streams.kafka.work.outlet import Outlet
from streams.kafka.work.partitions import LogRecord, Partitions
from streams.runtime.partition import Partition
from streams.runtime.tables import tables
from streams.store.database import open_engine
from streams.store.store_errors import Fenced
from streams.store.vault import Vault
from tests.bench.traffic import SETTINGS, START, registration
from tests.kafka.fleet import PARTITIONS, Fleet
from tests.kafka.traffic import Log, interleaved, parted, traffic, wanted

HERE, ELSEWHERE = 0, 1


class MissingError(Exception):
    """A hole was found."""


class Process:
    """The partitions of one process without Kafka's group around them."""

    def __init__(self, database: Database, outlet: Outlet, identity: str = "log") -> None:
        checkpoints = LogCheckpoints(database, identity)
        known = tables(Installation())
        self.acknowledged: list[int] = []
        self.partitions = Partitions(
            "events",
            lambda number: Partition(Settings.model_validate(SETTINGS.model_dump()), known, checkpoints, number),
            Judge(lambda _: HERE, lambda _value, _headers, _place: False, "events"), outlet, self._hole, nothing,
        )  # fmt: skip

    async def _hole(self, partition: int, expected: int, came: int) -> None:
        raise MissingError(f"{expected}..{came}")

    async def take(self, offset: int, generation: int, *events: AnyEvent) -> None:
        await self.partitions.take(
            LogRecord(
                HERE, offset, generation, msgspec.json.encode(events), (), lambda: self.acknowledged.append(offset)
            )
        )


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    engine = open_engine(migrated_url)
    yield engine
    engine.dispose()


@pytest.fixture
async def outlet(fleet: Fleet) -> AsyncIterator[Outlet]:
    made = Outlet(
        {"bootstrap_servers": fleet.bootstrap}, fleet.prefix, lambda _: HERE, Seals(Vault(fleet.folder / "key"))
    )
    await made.start()
    yield made
    await made.stop()


def guess(number: int) -> AnyEvent:
    at = START + timedelta(seconds=number)
    return registration("pbx-01", "1001", f"g{number}", at, "rejected", "185.100.1.7", "scanner")


async def test_nothing_is_acknowledged_before_it_is_saved(database: Database, outlet: Outlet) -> None:
    process = Process(database, outlet)
    await process.partitions.assigned({HERE}, 1)
    for number in range(3):
        await process.take(number, 1, guess(number))
    assert process.acknowledged == []
    await process.partitions.checkpoint()
    assert process.acknowledged == [0, 1, 2]


async def test_all_events_of_a_record_are_applied_and_one_that_comes_again_changes_nothing(
    database: Database, outlet: Outlet
) -> None:
    process = Process(database, outlet)
    await process.partitions.assigned({HERE}, 1)
    await process.take(0, 1, guess(1), guess(2), guess(3))
    await process.take(0, 1, guess(1), guess(2), guess(3))
    assert process.partitions.events == 3


async def test_a_finding_is_durable_before_the_checkpoint_that_covers_it(
    database: Database, outlet: Outlet, fleet: Fleet
) -> None:
    process = Process(database, outlet)
    await process.partitions.assigned({HERE}, 1)
    await process.take(0, 1, *map(guess, range(10)))
    assert process.partitions.found.total()
    await process.partitions.checkpoint()
    assert len(await fleet.findings()) == process.partitions.found.total()


async def test_a_revoked_partition_is_saved_and_goes_on_elsewhere(
    database: Database, outlet: Outlet, fleet: Fleet
) -> None:
    first, second, alone = (Process(database, outlet) for _ in range(3))
    await first.partitions.assigned({HERE}, 1)
    await first.take(0, 1, guess(0), guess(1))
    await first.partitions.revoked({HERE})
    assert first.acknowledged == [0]
    await second.partitions.assigned({HERE}, 2)
    await second.take(1, 2, *map(guess, range(2, 10)))
    await alone.partitions.assigned({ELSEWHERE}, 1)
    assert second.partitions.found.total()


async def test_who_lost_a_partition_unknowingly_is_fenced_and_acknowledges_nothing(
    database: Database, outlet: Outlet
) -> None:
    stale, rightful = Process(database, outlet), Process(database, outlet)
    await stale.partitions.assigned({HERE}, 1)
    await stale.take(0, 1, guess(0))
    await rightful.partitions.assigned({HERE}, 2)
    with pytest.raises(Fenced):
        await stale.partitions.checkpoint()
    with pytest.raises(Fenced):
        await stale.partitions.revoked({HERE})
    assert stale.acknowledged == []
    await rightful.take(0, 2, guess(0))
    await rightful.partitions.checkpoint()
    assert rightful.acknowledged == [0]


async def test_a_record_of_an_assignment_that_is_over_is_skipped(database: Database, outlet: Outlet) -> None:
    process = Process(database, outlet)
    await process.partitions.assigned({HERE}, 1)
    await process.partitions.revoked({HERE})
    await process.partitions.assigned({HERE}, 2)
    await process.take(0, 1, guess(0))
    assert process.partitions.events == 0
    await process.take(0, 2, guess(0))
    assert process.partitions.events == 1


async def test_a_record_waits_until_its_partition_is_loaded(database: Database, outlet: Outlet) -> None:
    process = Process(database, outlet)
    early = asyncio.create_task(process.take(0, 1, guess(0)))
    await asyncio.sleep(0)
    assert not early.done()
    await process.partitions.assigned({HERE}, 1)
    await early
    assert process.partitions.events == 1


async def test_being_told_twice_or_of_nothing_changes_nothing(database: Database, outlet: Outlet) -> None:
    process = Process(database, outlet)
    await process.partitions.revoked(set())
    await process.partitions.assigned({HERE}, 1)
    await process.take(0, 1, guess(0))
    await process.partitions.revoked({HERE})
    await process.partitions.revoked({HERE})
    await process.partitions.assigned({HERE}, 2)
    await process.partitions.assigned({HERE}, 3)
    await process.take(1, 3, guess(1))
    await process.partitions.checkpoint()
    assert process.acknowledged == [0, 1]


@pytest.mark.parametrize("reload", [True, False])
async def test_a_hole_behind_the_checkpoint_or_between_records_is_looked_into(
    database: Database, outlet: Outlet, *, reload: bool
) -> None:
    process = Process(database, outlet)
    await process.partitions.assigned({HERE}, 1)
    await process.take(7, 1, guess(0))  # a log that begins at 7: there is no memory that could miss anything
    if reload:
        await process.partitions.revoked({HERE})
        await process.partitions.assigned({HERE}, 1)
    with pytest.raises(MissingError, match=r"8\.\.9"):
        await process.take(9, 1, guess(1))


def test_pages_are_put_replaced_and_removed(database: Database) -> None:
    checkpoints = LogCheckpoints(database, "log")
    epoch = checkpoints.claim(HERE)
    checkpoints.save(HERE, epoch, 1, {"kept": b"1", "changed": b"1", "gone": b"1", "odd \udcff\n\t\\": b""})
    checkpoints.save(HERE, epoch, 2, {"changed": b"2\x00\xff", "gone": None, "never there": None})
    checkpoint = checkpoints.load(HERE)
    assert checkpoint.offset == 2
    assert dict(checkpoint.pages) == {"kept": b"1", "changed": b"2\x00\xff", "odd \udcff\n\t\\": b""}


def test_checkpoints_of_another_log_are_refused(database: Database) -> None:
    checkpoints = LogCheckpoints(database, "log")
    checkpoints.verify()
    checkpoints.save(HERE, checkpoints.claim(HERE), 1, {})
    checkpoints.verify()
    with pytest.raises(LogChangedError):
        LogCheckpoints(database, "another").verify()


# --- between real processes


@pytest.fixture(scope="module")
def log() -> Log:
    return parted(traffic(6_000, seed=9), PARTITIONS)


@pytest.fixture(scope="module")
def right(log: Log) -> list[bytes]:
    return wanted(log)


async def test_a_worker_stopped_until_its_partitions_moved_is_fenced_when_it_wakes(
    fleet: Fleet, log: Log, right: list[bytes]
) -> None:
    sleeper = fleet.start("sleeper", static=False, checkpoint="30s")  # falls asleep with something that is not saved
    other = fleet.start("other", static=False)
    await sleeper.owns(at_least=PARTITIONS // 2)
    await other.owns(at_least=PARTITIONS // 2)
    publishing = asyncio.create_task(fleet.publish(interleaved(log, 1), pause=0.04))
    await fleet.first_finding()
    await asyncio.sleep(1)  # each has applied something by now
    before = other.loads(at_least=PARTITIONS)  # it may have been the first to join
    sleeper.send(signal.SIGSTOP)
    await other.owns(at_least=PARTITIONS, times=before + 1)
    sleeper.send(signal.SIGCONT)
    await publishing
    assert await sleeper.ended() == 75, sleeper.said()
    await fleet.settled()
    assert await fleet.findings() == right


async def test_partitions_move_in_the_middle_of_a_burst(fleet: Fleet, log: Log, right: list[bytes]) -> None:
    first = fleet.start("first", static=False)
    await first.owns()
    publishing = asyncio.create_task(fleet.publish(interleaved(log, 2), pause=0.005))
    second = fleet.start("second", static=False)
    await second.owns(at_least=PARTITIONS // 2)
    await publishing
    second.send(signal.SIGTERM)
    assert await second.ended() == 0
    await fleet.settled()
    assert await fleet.findings() == right
