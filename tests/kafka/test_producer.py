"""What `put` has returned for comes into the log, in order, whatever happens to the broker or to us."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from detector.contract.codec import Codec, Rejected
from detector.contract.events import Control, Registration
from streams.config.kafka_settings import Kafka as Settings
from streams.kafka.connecting import partition_of
from streams.kafka.seal import Seals, name_place
from streams.kafka.topics import create, wanted
from streams.kafka.write.producer import KafkaIngest
from streams.kafka.write.spool import FILE
from streams.store.store_errors import SpoolError
from streams.store.vault import Vault
from tests.kafka.putting_child import AT, call, guess
from tests.kafka.reading import events_of, logged, records
from tests.kafka.running import Kafka

ROOT = Path(__file__).parents[2]
PARTITIONS = 4


@pytest.fixture
async def kafka(broker: Kafka, prefix: str) -> AsyncIterator[Settings]:
    """Topics of the test's own; the broker is up again afterwards."""
    settings = Settings(brokers=broker.brokers, prefix=prefix, partitions=PARTITIONS, replication=1)
    broker.start()
    await create(settings, wanted(settings))
    yield settings
    broker.start()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "key")


def ingest(kafka: Settings, vault: Vault, tmp_path: Path) -> KafkaIngest:
    return KafkaIngest(kafka, vault, tmp_path / "spool")


async def connected(it: KafkaIngest) -> None:
    await until(lambda: it.connected)


async def empty(it: KafkaIngest) -> None:
    await until(lambda: it.spooled == 0)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while True:
            if true():
                return
            await asyncio.sleep(0.02)


def ids(events: Sequence[dict[str, str]], pbx: str | None = None) -> list[str]:
    return [event["id"] for event in events if pbx in (None, event["pbx"])]


async def test_events_come_as_arrays_in_the_partition_of_their_pbx(
    kafka: Settings, vault: Vault, tmp_path: Path
) -> None:
    names = [f"pbx-{number}" for number in range(12)]
    async with ingest(kafka, vault, tmp_path) as it:
        await connected(it)
        await it.put([call(number, name) for number in range(100) for name in names])
        assert it.spooled == 0
    found = await records(kafka, "events")
    assert len(found) < 100
    for record in found:
        assert {partition_of(event["pbx"], PARTITIONS) for event in events_of([record])} == {record.partition}
        assert partition_of(record.key.decode(), PARTITIONS) == record.partition
        assert record.headers == ()
    for name in names:
        assert ids(events_of(found), name) == [f"{name}-{number}" for number in range(100)]


async def test_a_broker_that_is_killed_and_comes_back_gets_everything_once_and_in_order(
    kafka: Settings, vault: Vault, tmp_path: Path, broker: Kafka
) -> None:
    async with ingest(kafka, vault, tmp_path) as it:
        await connected(it)
        for number in range(10):
            await it.put([call(number)])
        broker.kill()
        async with asyncio.timeout(30):
            for number in range(10, 500):
                await it.put([call(number)])
        assert it.spooled > 0
        await asyncio.to_thread(broker.start)
        for number in range(500, 600):
            await it.put([call(number)])
        await empty(it)
        await it.put([call(600)])
    assert ids(await logged(kafka)) == [f"hq-{number}" for number in range(601)]


async def test_a_start_without_a_broker(kafka: Settings, vault: Vault, tmp_path: Path, broker: Kafka) -> None:
    broker.kill()
    async with ingest(kafka, vault, tmp_path) as it, asyncio.timeout(5):
        await it.put([call(1), call(2)])
        await it.put([call(3)])
    async with ingest(kafka, vault, tmp_path) as it:
        await it.put([call(4)])
        await asyncio.to_thread(broker.start)
        await empty(it)
    assert ids(await logged(kafka)) == ["hq-1", "hq-2", "hq-3", "hq-4"]


@pytest.mark.parametrize("away", [False, True], ids=["broker up", "broker away"])
async def test_what_was_confirmed_survives_a_kill_of_our_own(
    kafka: Settings, vault: Vault, tmp_path: Path, broker: Kafka, away: bool
) -> None:
    confirmed: list[str] = []
    for life in range(3):
        if away and life == 1:
            broker.kill()
        confirmed += child(tmp_path, kafka, "calls", until=400)
    broker.start()
    async with ingest(kafka, vault, tmp_path) as it:
        await empty(it)
    events = await logged(kafka)
    assert set(confirmed) <= set(ids(events))
    for pbx in ("hq", "berlin", "oslo"):
        first_seen = list(dict.fromkeys(ids(events, pbx)))
        assert first_seen == [f"{pbx}-{number}" for number in range(len(first_seen))]


async def test_a_flood_survives_a_kill_and_is_counted_once(kafka: Settings, vault: Vault, tmp_path: Path) -> None:
    confirmed = child(tmp_path, kafka, "flood", until=70)  # the fifty-first and what follows are held for a second
    for _ in range(2):
        async with ingest(kafka, vault, tmp_path) as it:
            await empty(it)
    events = {event["id"]: event for event in await logged(kafka)}
    assert any(name.startswith("fold:") for name in events)
    assert 0 <= sum(event.get("count", 1) for event in events.values()) - len(confirmed) <= 1


def child(folder: Path, kafka: Settings, what: str, until: int) -> list[str]:
    """Start one, kill it once it has said so many ids; what it said."""
    settings = kafka.model_dump_json(include={"brokers", "prefix", "partitions", "replication"})
    command = [sys.executable, "-m", "tests.kafka.putting_child", str(folder), settings, what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        said = [process.stdout.readline() for _ in range(until)]
        process.kill()
        said += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    return [line.split()[1] for line in said if line.startswith("put ") and line.endswith("\n")]


async def test_a_full_spool_makes_put_wait_until_the_broker_is_back(
    kafka: Settings, vault: Vault, tmp_path: Path, broker: Kafka
) -> None:
    small = kafka.model_copy(update={"spool": 1})
    broker.kill()
    async with ingest(small, vault, tmp_path) as it:
        kept = await filled(it)
        assert kept > 3
        assert it.spooled <= 1024 * 1024
        waiting = asyncio.create_task(it.put([call(-1)]))
        await asyncio.to_thread(broker.start)
        async with asyncio.timeout(40):
            await waiting
        await empty(it)
    found = ids(await logged(kafka))
    assert found[: kept * 1_000] == [f"hq-{number}" for number in range(kept * 1_000)]
    assert found[-1] == "hq--1"


async def filled(it: KafkaIngest) -> int:
    """Put a thousand at a time until one has to wait; how many have not."""
    for kept in range(1_000):
        try:
            async with asyncio.timeout(3.0):
                await it.put([call(kept * 1_000 + number) for number in range(1_000)])
        except TimeoutError:
            return kept
    raise AssertionError("it never waits")


async def test_a_flood_is_folded_on_disk_and_nobody_waits_for_it(kafka: Settings, vault: Vault, tmp_path: Path) -> None:
    async with ingest(kafka, vault, tmp_path) as it:
        await connected(it)
        async with asyncio.timeout(10):
            await asyncio.gather(*(it.put([guess(number)]) for number in range(1_000)))
            await asyncio.gather(*(it.put([guess(number)]) for number in range(1_000, 1_200)))
        await empty(it)
    events = await logged(kafka)
    assert ids(events)[:50] == [f"guess-{number}" for number in range(50)]
    folds = [event for event in events if event["id"].startswith("fold:")]
    assert 1 <= len(folds) <= 3
    assert len(events) == 50 + len(folds)
    assert sum(event["count"] for event in folds) == 1_150
    assert folds[0]["accounts"] == [str(number) for number in range(50, 82)]


async def test_success_never_overtakes_the_attempts_before_it(kafka: Settings, vault: Vault, tmp_path: Path) -> None:
    entered = Registration(pbx="hq", id="in", at=AT, outcome="accepted", source_ip="203.0.113.9", account="1001")
    async with ingest(kafka, vault, tmp_path) as it:
        await connected(it)
        await it.put([guess(number) for number in range(200)])
        await it.put([*(guess(number) for number in range(200, 300)), entered, entered, guess(300)])
    events = await logged(kafka)
    at = ids(events).index("in")
    assert sum(event.get("count", 1) for event in events[:at]) == 300
    assert ids(events)[at : at + 2] == ["in", "in"]
    assert sum(event.get("count", 1) for event in events[at + 2 :]) == 1


async def test_control_events_are_sealed_and_one_for_all_stands_in_every_partition(
    kafka: Settings, vault: Vault, tmp_path: Path
) -> None:
    everywhere = Control(pbx="*", id="settings:1", at=AT, name="settings", settings={"x": "ü" * 100_000})
    mine = [Control(pbx="hq", id=f"o{n}", at=AT, name="outcome", decision="d", state="applied") for n in range(3)]
    async with ingest(kafka, vault, tmp_path) as it:
        await connected(it)
        await it.put([call(1)])
        await it.put_control([everywhere, *mine])
        await it.put([call(2)])
    found = await records(kafka, "events")
    sealed = [record for record in found if record.headers]
    assert sorted(record.partition for record in sealed if b"settings:1" in record.value) == list(range(PARTITIONS))
    (copy,) = await records(kafka, "control")
    sealed.append(copy)
    assert b"settings:1" in copy.value
    seals, others = Seals(vault), Seals(Vault(tmp_path / "another"))
    for record in sealed:
        assert ("origin", b"ringfence") in record.headers
        assert len(Codec(trusted=True).decode(record.value)) == 1
        place = name_place(record.topic, record.partition)
        assert seals.sealed(record.value, record.headers, place)
        assert not seals.sealed(record.value + b" ", record.headers, place)
        assert not seals.sealed(record.value, [*record.headers, *record.headers], place)
        assert not others.sealed(record.value, record.headers, place)
        elsewhere = {name_place(record.topic, record.partition + 1), name_place(f"{record.topic}.events", 0)} - {place}
        assert not any(seals.sealed(record.value, record.headers, other) for other in elsewhere)
    assert not seals.sealed(b"\xff", [("seal", bytes(32))], "t")
    home = [record for record in found if record.partition == partition_of("hq", PARTITIONS)]
    assert ids(events_of(home)) == ["hq-1", "settings:1", "o0", "o1", "o2", "hq-2"]


async def test_what_sources_must_not_or_cannot_send_is_a_dead_letter(
    kafka: Settings, vault: Vault, tmp_path: Path
) -> None:
    async with ingest(kafka, vault, tmp_path) as it:
        await it.put([Control(pbx="hq", id="c", at=AT, name="settings"), call(1), call(2, pbx="\ud800")])
        await it.reject(Rejected(reason="not JSON", field="x", excerpt="{"), "yeastar-webhook", "hq")
        assert it.dead_letters == 3
        await empty(it)
    letters = events_of(await records(kafka, "dead-letters"))
    assert Counter((one["reason"], one["pbx"]) for one in letters) == {
        ("control events are written by Ringfence only", "hq"): 1,
        ("text that UTF-8 has no bytes for", "\\ud800"): 1,
        ("not JSON", "hq"): 1,
    }
    assert letters[-1]["source"] == "yeastar-webhook"
    assert ids(await logged(kafka)) == ["hq-1"]


async def test_a_record_that_the_topic_refuses_for_its_size_stops_nobody(
    kafka: Settings, vault: Vault, tmp_path: Path, prefix: str
) -> None:
    narrow = kafka.model_copy(update={"prefix": f"{prefix}n"})
    log, *others = wanted(narrow)
    small = type(log)(log.name, log.partitions, log.replication, {"max.message.bytes": "20000"})
    await create(narrow, [small, *others])
    large = control("large", "y" * 30_000)
    async with ingest(narrow, vault, tmp_path) as it:
        await connected(it)
        await it.put([call(1)])
        await it.put_control([large])
        await it.put_control([control(f"a{n}") for n in range(9)] + [large] + [control(f"b{n}") for n in range(9)])
        await it.put([call(2)])
        await empty(it)
    assert ids(await logged(narrow)) == ["hq-1", *(f"{name}{n}" for name in "ab" for n in range(9)), "hq-2"]
    letters = events_of(await records(narrow, "dead-letters"))
    assert [letter["reason"] for letter in letters] == ["refused by Kafka: Broker: Message size too large"] * 2


def control(name: str, content: str = "") -> Control:
    return Control(pbx="hq", id=name, at=AT, name="settings", settings={"x": content})


async def test_one_process_has_the_spool(kafka: Settings, vault: Vault, tmp_path: Path) -> None:
    async with ingest(kafka, vault, tmp_path) as it:
        with pytest.raises(SpoolError, match="in use"):
            async with ingest(kafka, vault, tmp_path):
                pass
        await it.put([])
    with pytest.raises(RuntimeError, match="stopping"):
        await it.put([call(1)])


async def test_who_watches_hears_of_a_spool_that_breaks(vault: Vault, tmp_path: Path) -> None:
    nowhere = Settings(brokers=("127.0.0.1:1",), partitions=PARTITIONS, replication=1)
    async with ingest(nowhere, vault, tmp_path) as it, asyncio.timeout(20):
        with closing(sqlite3.connect(tmp_path / "spool" / FILE)) as other:
            other.execute("CREATE TRIGGER broken BEFORE INSERT ON spool BEGIN SELECT RAISE(ABORT, 'broken'); END")
        with pytest.raises(IntegrityError, match="broken"):
            await it.put([call(1)])
        with pytest.raises(IntegrityError, match="broken"):
            await it.watch()
