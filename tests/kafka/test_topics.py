"""`ringfence topics` on a real broker: shows, creates what is missing, changes nothing, says what differs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from streams.config.kafka_settings import Kafka as Settings
from streams.kafka.admin import TopicsError
from streams.kafka.connecting import LARGEST, arguments, partition_of
from streams.kafka.topics import Topic, check, create, differences, wanted
from tests.kafka.running import Kafka
from tests.ports import free_ports

PROGRAM = "from streams.cli.main import app; app()"

NAMES = ["events", "control", "findings", "sightings", "dead-letters"]


def settings(broker: Kafka, prefix: str, **more: object) -> Settings:
    return Settings.model_validate(
        {"brokers": broker.brokers, "prefix": prefix, "partitions": 6, "replication": 1} | more
    )


def run(folder: Path, kafka: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "ringfence.yaml").write_text(kafka)
    command = [
        sys.executable,
        "-c",
        "from streams.cli.main import app; app()",
        "topics",
        "-c",
        "ringfence.yaml",
        *options,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"})


async def test_missing_topics_are_shown_created_and_then_good(broker: Kafka, prefix: str, tmp_path: Path) -> None:
    section = f"kafka: {{brokers: ['{broker.bootstrap}'], prefix: {prefix}, partitions: 6, replication: 1}}"
    missing = run(tmp_path, section)
    assert missing.returncode == 1
    assert len(re.findall(rf"{prefix}\.\S+ .*missing", missing.stdout)) == len(NAMES)
    assert "--create makes them" in missing.stderr

    made = run(tmp_path, section, "--create")
    assert (made.returncode, made.stderr) == (0, "")
    rows = {line.split()[0]: line.split()[1:] for line in made.stdout.splitlines()[1:]}
    assert rows == {
        f"{prefix}.events": ["6", "7", "d", "no", "1", "good"],
        f"{prefix}.control": ["1", "30", "d", "no", "1", "good"],
        f"{prefix}.findings": ["6", "30", "d", "no", "1", "good"],
        f"{prefix}.sightings": ["6", "7", "d", "no", "1", "good"],
        f"{prefix}.dead-letters": ["1", "30", "d", "no", "1", "good"],
    }
    again = run(tmp_path, section, "--create")
    assert (again.returncode, again.stdout) == (0, made.stdout)


async def test_other_partitions_need_a_migration_and_nothing_is_changed(broker: Kafka, prefix: str) -> None:
    await create(settings(broker, prefix), wanted(settings(broker, prefix)))
    grown = settings(broker, prefix, partitions=12, replication=3)
    checks = {one.wanted.name.removeprefix(f"{prefix}."): one for one in await check(grown)}
    assert checks["events"].differences == (
        "6 partitions, not 12: this needs a migration, see docs/topics.md",
        "1 copies, not 3",
        "min.insync.replicas is 1, not 2",
    )
    assert checks["control"].differences == ("1 copies, not 3", "min.insync.replicas is 1, not 2")
    assert all(not one.differences for one in await check(settings(broker, prefix)))


async def test_a_setting_that_somebody_changed_is_told(broker: Kafka, prefix: str) -> None:
    kafka = settings(broker, prefix)
    await create(kafka, wanted(kafka)[1:])
    changed = {"cleanup.policy": "compact", "retention.ms": "86400000", "max.message.bytes": str(LARGEST)}
    await create(kafka, [Topic(f"{prefix}.events", 6, 1, changed)])
    first, *others = await check(kafka)
    assert first.differences == (
        "cleanup.policy is compact, not delete",
        "retention.ms is 86400000, not 604800000",
        "message.timestamp.type is CreateTime, not LogAppendTime",
    )
    assert all(not one.differences for one in others)


async def test_one_that_somebody_else_has_just_made_is_left_alone(broker: Kafka, prefix: str) -> None:
    kafka = settings(broker, prefix)
    await create(kafka, wanted(kafka)[:2])
    await create(kafka, wanted(kafka))
    assert all(not one.differences for one in await check(kafka))


async def test_more_copies_than_brokers_is_refused_in_words(broker: Kafka, prefix: str) -> None:
    kafka = settings(broker, prefix, replication=3)
    with pytest.raises(TopicsError, match=rf"{prefix}\.events: .*eplication"):
        await create(kafka, wanted(kafka))


def test_a_broker_that_is_away_is_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, f"kafka: {{brokers: ['127.0.0.1:{free_ports(1)}']}}")
    assert done.returncode == 1
    assert "Kafka at 127.0.0.1:" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_without_a_section_the_usage_is_wrong(tmp_path: Path) -> None:
    done = run(tmp_path, "{}")
    assert (done.returncode, done.stderr) == (2, "ringfence.yaml: there is no section kafka\n")


def test_a_missing_topic_is_a_difference() -> None:
    assert differences(Topic("t", 1, 1, {}), None) == ("missing",)


async def test_a_key_belongs_where_javas_partitioner_puts_it(broker: Kafka, prefix: str) -> None:
    kafka = settings(broker, prefix)
    await create(kafka, wanted(kafka)[:1])
    async with AIOKafkaProducer(**arguments(kafka)) as producer:
        for name in ("hq", "berlin", "pbx-4711", "ü", "", "x" * 1_000):
            kept = await producer.send_and_wait(f"{prefix}.events", b"{}", name.encode())
            assert kept.partition == partition_of(name, 6)


@pytest.mark.parametrize(
    ("name", "hash_"),
    # from Apache Kafka's own UtilsTest
    [("21", -973932308), ("foobar", -790332482), ("a-little-bit-long-string", -985981536)],
)
def test_the_hash_is_that_of_javas_clients(name: str, hash_: int) -> None:
    assert partition_of(name, 2**31) == hash_ & 0x7FFF_FFFF
