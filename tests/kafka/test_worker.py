"""`ringfence worker` as a process: what it takes, what it refuses, what it leaves alone, and how it ends."""

import asyncio
import logging
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from detector.contract.codec import Codec
from detector.contract.events import Control
from streams.config.installation import Installation
from streams.config.kafka_settings import Kafka as KafkaSettings
from streams.kafka.connecting import partition_of
from streams.kafka.seal import Seals, name_place
from streams.kafka.work.judge import Judge
from streams.kafka.work.rounds import Runtime
from streams.kafka.work.watchdog import Heartbeat, StalledError, WorkProgress
from streams.processes.http_listener import free_port
from streams.processes.vitals_worker import WorkerVitals
from streams.processes.worker import Seldom
from streams.store.keys import shared_vault
from tests.kafka.fleet import PARTITIONS, Fleet
from tests.kafka.traffic import interleaved, parted, traffic, wanted
from tests.prometheus import figures, health

LOOPBACK = "0100007F"
COMMAND = Path(sys.executable).with_name("ringfence")


def listening(pid: int) -> list[tuple[str, int]]:
    """Where the process accepts connections from the network: `/proc`'s address, and port."""
    sockets = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    found = [fields[1].split(":") for fields in lines if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets]
    return [(address, int(port, 16)) for address, port in found]


async def test_the_command_keeps_all_other_ports_shut_and_standard_output_silent_and_ends_in_good_order(
    fleet: Fleet,
) -> None:
    log = parted(traffic(3_000, seed=2), PARTITIONS)
    await fleet.publish(interleaved(log, 1))
    port = free_port()
    member = fleet.start("one", metrics=port)
    await fleet.settled()
    assert listening(member.pid) == [(LOOPBACK, port)]
    assert (fleet.folder / "data").is_dir()
    member.send(signal.SIGTERM)
    assert await member.ended() == 0
    assert member.stdout.read_bytes() == b""
    assert await fleet.findings() == wanted(log)
    assert await fleet.committed() == await fleet.ends()


async def test_figures_and_health_come_from_the_work(fleet: Fleet) -> None:
    log = parted(traffic(3_000, seed=2), PARTITIONS)
    values = interleaved(log, 10)
    await fleet.publish([*values, (0, b"{"), (1, values[0][1])])
    port = free_port()
    fleet.start("one", metrics=port)
    await fleet.settled()
    assert await asyncio.to_thread(health, port) == (200, {"status": "ok"})
    found = await asyncio.to_thread(figures, port)
    written = await fleet.records(fleet.findings_topic)
    kinds = Counter(msgspec.json.decode(value)["type"] for _, value in written)
    assert {kind: found[f'findings_total{{type="{kind}"}}'] for kind in kinds} == kinds
    assert found["records_total"] == sum((await fleet.ends()).values())
    assert found["dead_letters_total"] == 1
    assert found["foreign_events_total"] == found["duplicate_events_total"] > 0
    assert found["events_total"] >= 3_000 + found["duplicate_events_total"]  # ticks count as well
    assert found["partitions"] == PARTITIONS
    assert {found[f'lag_records{{partition="{number}"}}'] for number in range(PARTITIONS)} == {0}
    assert found["journal_up"] == 1
    assert 0 <= found["checkpoint_age_seconds"] < 60
    assert found["checkpoint_bytes_total"] > 10 * found["checkpoint_pages_total"] > 0
    for histogram in ("delay_seconds_count{stage=\"decide\"}", "delay_seconds_count{stage=\"checkpoint\"}",
                      "checkpoint_seconds_count"):  # fmt: skip
        assert found[histogram] > 0
    assert "pbx-" not in str(found)


async def test_counts_outlast_the_partitions_they_are_of(fleet: Fleet) -> None:
    values = interleaved(parted(traffic(2_000, seed=5), PARTITIONS), 1)
    await fleet.publish([*values, *values])
    port = free_port()
    first = fleet.start("one", metrics=port)
    await fleet.settled()
    before = found = await asyncio.to_thread(figures, port)
    fleet.start("two")
    while not 0 < found["partitions"] < PARTITIONS:
        assert first.running
        found = await asyncio.to_thread(figures, port)
    assert before["duplicate_events_total"] >= 2_000
    assert found["duplicate_events_total"] >= before["duplicate_events_total"]
    assert found["events_total"] >= before["events_total"] >= 4_000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda _: None, None),
        (lambda runtime: setattr(runtime, "started", False), "starting: not connected to Kafka and the database yet"),
        (lambda runtime: setattr(runtime.partitions, "saved_at", -1_000.0), "memory was last saved"),
        (lambda runtime: setattr(runtime, "looked_at", -1_000.0), "Kafka last said"),
        (lambda runtime: [runtime.progress.look({0: 1}, {0: 2}) for _ in range(20)], "records wait"),
    ],
)
async def test_what_ails_a_worker_is_said(
    change: Callable[[Runtime], object], says: str | None, tmp_path: Path
) -> None:
    kafka = KafkaSettings(brokers=("127.0.0.1:1",))
    runtime = Runtime(Installation(data=tmp_path, kafka=kafka), kafka, "postgresql:///nowhere", lambda error: None)
    runtime.started = True
    try:
        change(runtime)
        said = list(WorkerVitals(runtime).ailments())
    finally:
        await runtime.stop()
    assert [text.startswith(says or "") for text in said] == ([True] if says else [])


async def test_what_nobody_can_use_is_buried_with_its_reason_and_the_rest_goes_on(fleet: Fleet) -> None:
    log = parted(traffic(2_000, seed=3), PARTITIONS)
    control = msgspec.json.encode(Control(pbx="pbx-01", id="forged", at=datetime.now(UTC), name="settings"))
    long = b'{"kind":"tick","pbx":"' + b"x" * 70_000
    poison = (b"", b"{", b"\xff\xfe", b"[1]", b'{"kind":"call"}', b"[" * 100_000, long, control)
    values = interleaved(log, 1)
    await fleet.publish(
        [*values[:20], *((number % PARTITIONS, value) for number, value in enumerate(poison)), *values[20:]]
    )
    fleet.start("one")
    await fleet.settled()
    letters = await fleet.letters()
    assert len(letters) == len(poison)
    assert {"control events are written by Ringfence only", "an empty value"} <= {
        letter["reason"] for letter in letters
    }
    assert all(letter["topic"] == fleet.events and isinstance(letter["offset"], int) for letter in letters)
    assert await fleet.findings() == wanted(log)


async def test_a_record_in_the_wrong_partition_goes_where_it_belongs(fleet: Fleet) -> None:
    log = parted(traffic(2_000, seed=4), PARTITIONS)
    whole, moved = interleaved(log, 1), 3
    wrong = [((number + 1) % PARTITIONS if number == moved else number, value) for number, value in whole]
    await fleet.publish(wrong)
    fleet.start("one")
    await fleet.settled()
    assert sum((await fleet.ends()).values()) > len(whole)
    assert await fleet.findings() == wanted(log)


async def test_our_own_control_events_are_known_by_their_seal(fleet: Fleet) -> None:
    seals = Seals(shared_vault(fleet.folder / "data"))
    at = datetime.now(UTC)
    quiet = {"defaults": {"region": "US", "rules": {"registration.bruteforce": {"failures": 1_000}}}}
    settings = msgspec.json.encode(Control(pbx="*", id="s1", at=at, name="settings", settings=quiet))
    async with AIOKafkaProducer(bootstrap_servers=fleet.bootstrap) as producer:
        for partition in range(PARTITIONS):
            await producer.send(
                fleet.events,
                settings,
                partition=partition,
                headers=seals.headers(settings, name_place(fleet.events, partition)),
            )
    log = parted(traffic(1_500, seed=3), PARTITIONS)
    await fleet.publish(interleaved(log, 1))
    fleet.start("one")
    await fleet.settled()
    assert await fleet.letters() == []
    rules = {msgspec.json.decode(finding).get("rule") for finding in await fleet.findings()}
    assert rules
    assert "registration.bruteforce" not in rules


async def test_an_old_record_of_settings_that_is_played_again_is_refused_and_told(fleet: Fleet) -> None:
    seals, at = Seals(shared_vault(fleet.folder / "data")), datetime.now(UTC)
    deaf = {"defaults": {"region": "US", "rules": {"registration.bruteforce": {"failures": 1_000}}}}
    sharp = {"defaults": {"region": "US"}}
    old, new = (
        msgspec.json.encode(Control(pbx="*", id=f"s{n}", at=at + timedelta(hours=n), name="settings", settings=each))
        for n, each in enumerate((deaf, sharp))
    )
    log = parted(traffic(1_500, seed=3), PARTITIONS)
    first, *rest = interleaved(log, 1)
    async with AIOKafkaProducer(bootstrap_servers=fleet.bootstrap) as producer:
        for value in (old, new):
            for partition in range(PARTITIONS):
                headers = seals.headers(value, name_place(fleet.events, partition))
                await producer.send(fleet.events, value, partition=partition, headers=headers)
        await producer.send_and_wait(fleet.events, first[1], partition=first[0])
        here = seals.headers(old, name_place(fleet.events, first[0]))
        elsewhere = seals.headers(old, name_place(fleet.events, (first[0] + 1) % PARTITIONS))
        for headers in (here, elsewhere, seals.headers(old, f"{fleet.prefix}.control")):
            await producer.send_and_wait(fleet.events, old, partition=first[0], headers=headers)
    await fleet.publish(rest)
    fleet.start("one")  # it reads from the beginning
    await fleet.settled()
    letters = await fleet.letters()
    assert len(letters) == 2
    found = Counter(msgspec.json.decode(finding).get("rule") for finding in await fleet.findings())
    assert found["registration.bruteforce"]
    assert found["pbx.replayed"] == 1


@pytest.mark.parametrize(
    ("journal", "kafka", "says", "code"),
    [
        ("", "", "name it under `kafka`", 2),
        ("", 'kafka: {brokers: ["127.0.0.1:1"]}', "name a PostgreSQL under `journal`", 2),
        ("journal: env:POSTGRES", 'kafka: {brokers: ["127.0.0.1:1"]}', "127.0.0.1:1", 1),
    ],
)
def test_what_is_missing_is_said(journal: str, kafka: str, says: str, code: int, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(f"data: {tmp_path}\n{journal}\n{kafka}\n")
    secret = {"POSTGRES": "postgresql:///nowhere", "RINGFENCE_METRICS_PORT": "0"}
    done = subprocess.run([COMMAND, "worker", "-c", file], env=secret, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_topic_of_another_size_is_refused(fleet: Fleet) -> None:
    file = fleet.folder / "other.yaml"
    file.write_text(
        f"data: {fleet.folder / 'data'}\njournal: env:DB\n"
        f"kafka: {{brokers: {list(fleet.kafka.brokers)}, prefix: {fleet.prefix}, partitions: 48, replication: 1}}\n"
    )
    done = await asyncio.to_thread(
        subprocess.run,
        [COMMAND, "worker", "-c", file],
        env={"DB": fleet.database, "RINGFENCE_METRICS_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert f"has {PARTITIONS} partitions, the configuration says 48" in done.stderr


# --- one record


def judged(value: bytes, *, sealed: bool = False) -> tuple[int, int, int]:
    """How many events are applied here, sent elsewhere, and buried."""
    here = partition_of("pbx-01", PARTITIONS)
    judge = Judge(lambda pbx: partition_of(pbx, PARTITIONS), lambda _value, headers, _place: bool(headers), "t.events")
    found = judge.judge(here, value, (("seal", b"x"),) if sealed else ())
    assert Codec(trusted=True).decode(b"[" + b",".join(one.value for one in found.foreign) + b"]") or not found.foreign
    return len(found.events), len(found.foreign), len(found.rejected)


def tick(pbx: str) -> bytes:
    return msgspec.json.encode({"kind": "tick", "pbx": pbx, "id": "t", "at": "2040-01-01T00:00:00Z"})


def array(*values: bytes) -> bytes:
    return b"[" + b",".join(values) + b"]"


HERE, THERE = tick("pbx-01"), tick("pbx-02")
CONTROL = msgspec.json.encode(
    {"kind": "control", "pbx": "*", "id": "c", "at": "2040-01-01T00:00:00Z", "name": "verdict"}
)


@pytest.mark.parametrize(
    ("value", "sealed", "parts"),
    [
        (HERE, False, (1, 0, 0)),
        (THERE, False, (0, 1, 0)),
        (array(), False, (0, 0, 0)),
        (array(HERE, HERE), False, (2, 0, 0)),
        (array(HERE, b"{}", THERE), False, (1, 1, 1)),
        (array(THERE), False, (0, 1, 0)),
        (CONTROL, False, (0, 0, 1)),
        (CONTROL, True, (1, 0, 0)),
        (THERE, True, (0, 0, 1)),
        (array(HERE, THERE), True, (0, 0, 1)),
        (array(HERE, CONTROL), True, (2, 0, 0)),
    ],
)
def test_a_record_is_taken_apart(value: bytes, parts: tuple[int, int, int], *, sealed: bool) -> None:
    assert judged(value, sealed=sealed) == parts


# --- the watchdog


def test_waiting_records_and_no_progress_end_the_worker() -> None:
    progress = WorkProgress(3)
    for _ in range(3):
        progress.look({0: 5}, {0: 9})
    with pytest.raises(StalledError, match="4 records wait"):
        progress.look({0: 5}, {0: 9})


@pytest.mark.parametrize("positions", [[{0: 5}, {0: 6}] * 3, [{0: 9}] * 6, [{0: 5, 1: 1}, {0: 5}] * 3, [{}] * 6])
def test_who_gets_on_or_has_nothing_to_do_is_left_alone(positions: list[dict[int, int]]) -> None:
    progress = WorkProgress(3)
    for position in positions:
        progress.look(position, {0: 9, 1: 1})


def test_an_excuse_begins_anew() -> None:
    progress = WorkProgress(3)
    for _ in range(9):
        progress.excuse()
        progress.look({0: 5}, {0: 9})


def test_an_event_loop_that_hangs_ends_the_worker() -> None:
    ended: list[BaseException] = []
    heartbeat = Heartbeat(0.01, 3, ended.append)
    heartbeat.start()
    heartbeat._thread.join(5)
    assert isinstance(ended[0], StalledError)


def test_a_message_that_repeats_itself_is_let_through_once_in_a_while() -> None:
    seldom = Seldom()
    records = [logging.makeLogRecord({"name": name, "msg": "cannot connect"}) for name in "aab"]
    assert [seldom.filter(record) for record in records] == [True, False, True]
