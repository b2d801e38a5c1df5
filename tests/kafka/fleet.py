"""Worker processes over a log of their own, and what they have found."""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import text

from streams.config.kafka_settings import Kafka as KafkaSettings
from streams.kafka import topics
from streams.kafka.seal import Seals, name_place
from streams.store.database import open_engine
from streams.store.keys import shared_vault
from streams.store.migrate import migrate
from tests.kafka.running import Kafka

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["streams.cli.main", "streams.processes.worker", "streams.processes.gateway"])
PARTITIONS = 6
WITHIN = 60.0
POLICY = """
defaults: {region: US, timezone: America/New_York, international_prefix: "011", access_digit: "9",
           business_hours: {mon-fri: "08:00-18:00"}, holidays: US, mode: auto}
"""


Program = Callable[[Sequence[str], Mapping[str, str], Path, Path], None]


class Member:
    """One process of a command, forked from one that has imported everything: that takes seconds less."""

    def __init__(self, folder: Path, name: str, environment: Mapping[str, str], *command: str,
                 program: Program | None = None) -> None:  # fmt: skip
        self.stderr = folder / f"{name}.stderr"
        self.stdout = folder / f"{name}.stdout"
        for file in (self.stderr, self.stdout):
            file.touch()
        arguments = (command, dict(environment), self.stdout, self.stderr)
        self.process = FORKS.Process(target=program or work, args=arguments, daemon=True)
        self.process.start()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.is_alive()

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    async def ended(self, within: float = WITHIN) -> int | None:
        """Its exit code."""
        await asyncio.to_thread(self.process.join, within)
        return self.process.exitcode

    async def owns(self, *, at_least: int = 1, times: int = 1, within: float = WITHIN) -> None:
        """Until it was given partitions, so many times."""
        async with asyncio.timeout(within):
            while self.loads(at_least) < times:
                assert self.running, self.said()
                await asyncio.sleep(0.1)

    def loads(self, at_least: int = 1) -> int:
        """How many times it was given so many partitions."""
        lines = (msgspec.json.decode(line) for line in self.said().splitlines() if "partitions loaded" in line)
        return sum(len(line["partitions"]) >= at_least for line in lines)

    def said(self) -> str:
        return self.stderr.read_text()


class Fleet:
    """Workers of one group, their topics and their database; `program` is what its processes run instead of `work`."""

    def __init__(self, broker: Kafka, prefix: str, database: str, folder: Path, program: Program | None = None) -> None:
        self.program = program
        self.kafka = KafkaSettings.model_validate(
            {"brokers": broker.brokers, "prefix": prefix, "partitions": PARTITIONS, "replication": broker.nodes}
        )
        self.events, self.findings_topic, self.letters_topic = (
            f"{prefix}.{name}" for name in ("events", "findings", "dead-letters")
        )
        self.bootstrap, self.prefix, self.database, self.folder = broker.bootstrap, prefix, database, folder
        self.through = database
        self.members: list[Member] = []

    async def prepare(self) -> None:
        await topics.create(self.kafka, topics.wanted(self.kafka))
        engine = open_engine(self.database)
        await asyncio.to_thread(migrate, engine, "stream")
        await asyncio.to_thread(migrate, engine, "journal")
        engine.dispose()

    def start(
        self, name: str = "one", *, static: bool = True, session: int = 6, checkpoint: str = "200ms", metrics: int = 0
    ) -> Member:
        """A worker of this name; the same one again when it died."""
        file = self.folder / f"{name}.yaml"
        member = f"static_member: {name}," if static else ""
        file.write_text(
            f"{POLICY}data: {self.folder / 'data'}\njournal: env:RINGFENCE_TEST_DATABASE\n"
            f"kafka: {{brokers: {list(self.kafka.brokers)}, prefix: {self.prefix}, partitions: {PARTITIONS}, "
            f"replication: {self.kafka.replication}, group: {self.prefix}, {member} session_timeout: {session}s, "
            f"checkpoint: {checkpoint}}}\n"
        )
        return self.member(name, "worker", "--config", str(file), "--metrics-port", str(metrics))

    def member(self, name: str, *command: str, **environment: str) -> Member:
        """A process of any command."""
        environment = {"RINGFENCE_TEST_DATABASE": self.through, "RINGFENCE_METRICS_PORT": "0", **environment}
        made = Member(self.folder, name, environment, *command, program=self.program)
        self.members.append(made)
        return made

    async def publish(self, values: Iterable[tuple[int, bytes]], pause: float = 0.0, *, sealed: bool = False) -> None:
        """Values to their partitions, in order; under our seal if so wanted."""
        seals = Seals(shared_vault(self.folder / "data"))
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all", enable_idempotence=True) as producer:
            for partition, value in values:
                headers = seals.headers(value, name_place(self.events, partition)) if sealed else []
                await producer.send(self.events, value, partition=partition, headers=headers)
                if pause:
                    await asyncio.sleep(pause)

    async def ends(self) -> dict[int, int]:
        """Where the log ends now."""
        async with AIOKafkaConsumer(bootstrap_servers=self.bootstrap) as consumer:
            found = await consumer.end_offsets([TopicPartition(self.events, n) for n in range(PARTITIONS)])
        return {at.partition: end for at, end in found.items()}

    async def committed(self) -> dict[int, int]:
        """How far the group has acknowledged."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            found = await admin.list_consumer_group_offsets(self.prefix)
        finally:
            await admin.close()
        return {at.partition: told.offset for at, told in found.items()}

    def saved(self) -> dict[int, int]:
        """How far the checkpoints are."""
        engine = open_engine(self.database)
        with engine.connect() as connection:
            rows = connection.execute(text('SELECT partition, "offset" FROM partition')).all()
        engine.dispose()
        return {partition: max(offset, 0) for partition, offset in rows}

    async def settled(self, within: float = WITHIN) -> None:
        """Everything in the log is in a checkpoint."""
        wanted: dict[int, int] = {}
        try:
            async with asyncio.timeout(within):
                while True:
                    wanted = {partition: end for partition, end in (await self.ends()).items() if end}
                    saved = await asyncio.to_thread(self.saved)
                    if all(saved.get(partition, 0) >= end for partition, end in wanted.items()):
                        return
                    await asyncio.sleep(0.2)
        except TimeoutError:
            said = "\n".join(member.said()[-3_000:] for member in self.members)
            raise AssertionError(f"wanted {wanted}, saved {self.saved()}; workers said:\n{said}") from None

    async def records(self, topic: str) -> list[tuple[bytes, bytes]]:
        """Key and value of everything that stands in a topic."""
        async with AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest") as consumer:
            partitions = 1 if topic == self.letters_topic else PARTITIONS
            ats = [TopicPartition(topic, number) for number in range(partitions)]
            ends = await consumer.end_offsets(ats)
            consumer.assign(ats)
            found: list[tuple[bytes, bytes]] = []
            while any([await consumer.position(at) < ends[at] for at in ats]):
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    found += [(record.key, record.value) for record in batch]
        return found

    async def findings(self) -> list[bytes]:
        """As the journal takes them: each once, by id and revision. What came twice is the same both times."""
        found: dict[tuple[str, int], bytes] = {}
        for _, value in await self.records(self.findings_topic):
            finding = msgspec.json.decode(value)
            key = (finding["id"], finding.get("revision", 0))
            assert found.setdefault(key, value) == value, f"{key} came with two different contents"
        return [found[key] for key in sorted(found)]

    async def letters(self) -> list[dict[str, object]]:
        """What was buried."""
        return [msgspec.json.decode(value) for _, value in await self.records(self.letters_topic)]

    async def first_finding(self, within: float = WITHIN) -> None:
        """Until the workers are at it."""
        async with asyncio.timeout(within):
            while True:
                if await self.records(self.findings_topic):
                    return
                await asyncio.sleep(0.2)


def work(command: tuple[str, ...], environment: dict[str, str], stdout: Path, stderr: Path) -> None:
    """What a member does: the command, from its very beginning."""
    for number, file in ((1, stdout), (2, stderr)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_APPEND), number)
    os.environ.update(environment)
    sys.argv = ["ringfence", *command]
    from streams.cli.main import app

    app()


@asynccontextmanager
async def fleet_of(broker: Kafka, prefix: str, database: str, folder: Path) -> AsyncIterator[Fleet]:
    """A fleet without members yet; those that run at the end are killed."""
    fleet = Fleet(broker, prefix, database, folder)
    await fleet.prepare()
    try:
        yield fleet
    finally:
        for member in fleet.members:
            if member.running:
                member.kill()
