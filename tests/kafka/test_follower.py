"""`ringfence archive follow`: every event of the topic is in the archive once, whatever dies, moves or is away."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.structs import TopicPartition

from detector.contract.codec import Codec
from detector.contract.events import AnyEvent, Control, Tick
from streams.archive import Archive, read
from streams.kafka.connecting import partition_of
from streams.kafka.read import follower
from streams.processes.http_listener import free_port
from streams.runtime.clock import utc_now
from tests.kafka.fleet import PARTITIONS, WITHIN, Fleet, Member, work
from tests.prometheus import documented, exposed, figures, health
from tests.streams.archive.traffic import call

CODEC = Codec(trusted=True)
LATELY = utc_now() - timedelta(hours=1)  # of what is old the archive lets go
PBXS = [f"pbx-{number}" for number in range(12)]


class Archived:
    """A fleet's archive, and what fills it."""

    def __init__(self, fleet: Fleet, every: str = "200ms") -> None:
        self.fleet = fleet
        self.url = fleet.folder / "kept"
        self.file = fleet.folder / "follow.yaml"
        self.file.write_text(
            f"data: {fleet.folder / 'data'}\narchive: {{url: {self.url}, every: {every}}}\n"
            f"kafka: {{brokers: {list(fleet.kafka.brokers)}, prefix: {fleet.prefix}, partitions: {PARTITIONS}, "
            "replication: 1}\n"
        )

    def follow(self, name: str = "follow", port: int = 0) -> Member:
        return self.fleet.member(name, "archive", "follow", "-c", str(self.file), "--metrics-port", str(port))

    async def publish(self, events: Sequence[AnyEvent], at_once: int = 3) -> None:
        """Arrays of events of one partition, and single ones."""
        parted: dict[int, list[AnyEvent]] = {}
        for event in events:
            parted.setdefault(partition_of(event.pbx, PARTITIONS), []).append(event)
        for partition, own in parted.items():
            arrays = [own[first : first + at_once] for first in range(0, len(own), at_once)]
            values = [b"[" + b",".join(CODEC.encode(event) for event in array) + b"]" for array in arrays]
            await self.fleet.publish([(partition, value) for value in values])

    def read(self) -> Counter[tuple[str, str]]:
        return Counter((event.pbx, event.id) for event in read(str(self.url)))

    async def until(self, what: str, happened: Callable[[], Any], within: float = WITHIN) -> None:
        try:
            async with asyncio.timeout(within):
                while not await asyncio.to_thread(happened):  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0.1)
        except TimeoutError:
            said = "\n".join(member.said()[-3_000:] for member in self.fleet.members)
            raise AssertionError(f"{what}; said:\n{said}") from None

    async def holds(self, events: Sequence[AnyEvent]) -> None:
        """Each of them once, and nothing else."""
        wanted = Counter({(event.pbx, event.id): 1 for event in events})
        await self.until("events are missing", lambda: self.read() >= wanted)
        assert self.read() == wanted

    async def has_members(self, wanted: int) -> None:
        """So many processes are in the group."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.fleet.bootstrap)
        await admin.start()
        async with asyncio.timeout(WITHIN):
            while True:
                (answer,) = await admin.describe_consumer_groups([f"{self.fleet.prefix}-archive"])
                ((*_, members, _),) = answer.groups
                if len(members) == wanted:
                    break
                await asyncio.sleep(0.2)
        await admin.close()

    async def settled(self) -> None:
        """Everything is acknowledged."""
        async with asyncio.timeout(WITHIN):
            while await self.acknowledged() != {at: end for at, end in (await self.fleet.ends()).items() if end}:  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async def acknowledged(self) -> dict[int, int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.fleet.bootstrap)
        await admin.start()
        found = await admin.list_consumer_group_offsets(f"{self.fleet.prefix}-archive")
        await admin.close()
        return {at.partition: told.offset for at, told in found.items()}


@pytest.fixture
def archived(fleet: Fleet) -> Archived:
    return Archived(fleet)


def calls(first: int, last: int) -> list[AnyEvent]:
    return [call(number, at=LATELY, pbx=PBXS[number % len(PBXS)]) for number in range(first, last)]


def shown(port: int, name: str) -> float | None:
    """A figure of a process; None while it is not there to be asked."""
    try:
        return figures(port).get(name)
    except httpx.ConnectError:
        return None


def dies_before_it_acknowledges(
    command: Sequence[str], environment: Mapping[str, str], stdout: Path, stderr: Path
) -> None:
    """The command, killed when a file is written and the offset is not yet."""

    async def commit(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    AIOKafkaConsumer.commit = commit
    work(tuple(command), dict(environment), stdout, stderr)


def is_soon_full(command: Sequence[str], environment: Mapping[str, str], stdout: Path, stderr: Path) -> None:
    """The command, with room for one record, in a group that waits two seconds for it."""
    follower.MOST_BYTES, follower.LONGEST_STEP_MS, follower.MOST = 1, 2_000, 1.0
    work(tuple(command), dict(environment), stdout, stderr)


async def test_events_of_every_form_come_into_files_and_their_offsets_are_acknowledged(archived: Archived) -> None:
    fleet, port = archived.fleet, free_port()
    settings = Control(pbx="*", id="s1", at=LATELY, name="settings", settings={})
    one = call(1, at=LATELY, pbx=PBXS[0])
    own = partition_of(PBXS[0], PARTITIONS)
    await archived.publish([*calls(2, 50), Tick(pbx=PBXS[0], id="t", at=LATELY)])
    await fleet.publish([(own, CODEC.encode(one)), (own, CODEC.encode(one)), (own, b"garbage"), (own, b"")])
    await fleet.publish([(own, CODEC.encode(Control(pbx="*", id="forged", at=LATELY, name="settings")))])
    await fleet.publish([(number, CODEC.encode(settings)) for number in range(PARTITIONS)], sealed=True)
    member = archived.follow(port=port)
    await archived.holds([one, *calls(2, 50), settings])
    await archived.until("all is archived", lambda: shown(port, "archive_waiting_records") == 0)
    assert await asyncio.to_thread(health, port) == (200, {"status": "ok"})
    assert await asyncio.to_thread(exposed, port) == documented("archive")
    told = await asyncio.to_thread(figures, port)
    assert (told["archive_up"], told["partitions"], told["archive_lost_records_total"]) == (1, PARTITIONS, 0)
    member.send(signal.SIGTERM)
    assert await member.ended() == 0, member.said()
    assert await archived.acknowledged() == {number: end for number, end in (await fleet.ends()).items() if end}


async def test_killed_between_the_file_and_the_offset_nothing_is_lost_and_nothing_read_twice(
    archived: Archived,
) -> None:
    fleet = archived.fleet
    await archived.publish(calls(0, 40))
    fleet.program = dies_before_it_acknowledges
    first = archived.follow("dying")
    assert await first.ended() == -signal.SIGKILL
    assert archived.read()
    fleet.program = None
    await archived.publish(calls(40, 60))
    archived.follow("again")
    await archived.holds(calls(0, 60))


async def test_killed_while_events_come_it_goes_on_where_it_was(archived: Archived) -> None:
    for life in range(2):
        member = archived.follow(f"life-{life}")
        await archived.publish(calls(1_000 * life, 1_000 * life + 500))
        await archived.until("it is at work", lambda life=life: len(archived.read()) > 1_000 * life)
        publishing = asyncio.create_task(archived.publish(calls(1_000 * life + 500, 1_000 * (life + 1)), at_once=1))
        await asyncio.sleep(0.05)
        member.kill()
        await publishing
    archived.follow("last")
    await archived.holds(calls(0, 2_000))


async def test_two_share_the_partitions_and_one_takes_over_those_of_the_other(archived: Archived) -> None:
    ports = [free_port(), free_port()]
    first = archived.follow("first", ports[0])
    await archived.publish(calls(0, 200))
    await archived.holds(calls(0, 200))
    archived.follow("second", ports[1])
    publishing = asyncio.create_task(archived.publish(calls(200, 1_500), at_once=1))
    await archived.until("they share", lambda: [shown(port, "partitions") for port in ports] == [PARTITIONS / 2] * 2)
    await publishing
    first.send(signal.SIGTERM)
    await archived.publish(calls(1_500, 1_600))
    assert await first.ended() == 0
    await archived.holds(calls(0, 1_600))


async def test_while_the_archive_is_away_events_wait_in_kafka_and_it_says_so(archived: Archived) -> None:
    port = free_port()
    archived.url.write_text("")
    member = archived.follow(port=port)
    await archived.publish(calls(0, 100))
    await archived.until("it says so", lambda: "events wait in Kafka" in member.said())
    assert await asyncio.to_thread(health, port) == (
        503, {"status": "failing", "reasons": ["the archive cannot be written; events wait in Kafka"]},
    )  # fmt: skip
    assert (await asyncio.to_thread(figures, port))["archive_up"] == 0
    assert await archived.acknowledged() == {}
    archived.url.unlink()
    await archived.holds(calls(0, 100))
    await archived.until("it is well again", lambda: health(port)[0] == 200)


async def test_full_and_given_up_by_the_group_it_comes_back_when_the_archive_does(archived: Archived) -> None:
    fleet = archived.fleet
    fleet.program = is_soon_full
    archived.url.write_text("")
    member = archived.follow()
    await archived.publish(calls(0, 100))
    await archived.until("it is full", lambda: "events wait in Kafka" in member.said())
    await archived.has_members(0)
    await archived.publish(calls(100, 200))
    archived.url.unlink()
    await archived.holds(calls(0, 200))
    await archived.settled()


async def test_what_kafka_has_cut_before_it_was_archived_is_told_and_counted(archived: Archived) -> None:
    fleet, port = archived.fleet, free_port()
    own = partition_of("hq", PARTITIONS)
    await fleet.publish([(own, CODEC.encode(call(number, at=LATELY))) for number in range(10)])
    member = archived.follow("before")
    await archived.holds([call(number, at=LATELY) for number in range(10)])
    member.send(signal.SIGTERM)
    await member.ended()
    await fleet.publish([(own, CODEC.encode(call(number, at=LATELY))) for number in range(10, 20)])
    admin = AIOKafkaAdminClient(bootstrap_servers=fleet.bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(fleet.events, own): RecordsToDelete(before_offset=14)})
    await admin.close()
    later = archived.follow("later", port)
    await archived.holds([call(number, at=LATELY) for number in (*range(10), *range(14, 20))])
    assert "before it was archived" in later.said()
    assert (await asyncio.to_thread(figures, port))["archive_lost_records_total"] == 4


@pytest.mark.parametrize(
    ("config", "said"), [("{}", "needs Kafka"), ("kafka: {brokers: ['127.0.0.1:1']}", "archive: {url: ...}")]
)
async def test_what_is_missing_in_the_configuration_is_said(config: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(config)
    member = Member(tmp_path, "wrong", {}, "archive", "follow", "-c", str(tmp_path / "c.yaml"))
    assert await member.ended() == 2
    assert said in member.said()


def test_the_archive_names_each_partition_as_a_log(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    archive.write("ringfence.events-3", [(7, call(1)), (7, call(2))])
    assert [(row.log, row.offset) for row in archive.rows(archive.days()[0])] == [("ringfence.events-3", 7)] * 2
