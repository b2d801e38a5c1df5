"""The measurements on a real Kafka and PostgreSQL; each gives one figure, or two."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic

from detector.contract.events import AnyEvent
from streams.kafka import topics
from streams.kafka.connecting import partition_of
from tests.bench.figures import batches
from tests.bench_kafka.pauses import longest
from tests.kafka.fleet import PARTITIONS, Fleet
from tests.kafka.traffic import parted

ON_THE_WIRE = 100
CHECKPOINT = "1s"
SETTLE = 180.0
LATENCY_RATE = 2_000
LATENCY_BATCH = 20
WARM = 5.0
Values = list[tuple[int, bytes]]


def arrays(events: Sequence[AnyEvent]) -> Values:
    """Arrays of events of one partition, all partitions in turn."""
    each = {
        partition: [msgspec.json.encode(batch) for batch in batches(of, ON_THE_WIRE)]
        for partition, of in parted(events, PARTITIONS).items()
    }
    longest = max(map(len, each.values()))
    return [(partition, found[n]) for n in range(longest) for partition, found in each.items() if n < len(found)]


async def bare_consumer(fleet: Fleet, events: int) -> float:
    """Events a second of a loop that fetches and decodes the topic, and does nothing with the events."""
    decoder = msgspec.json.Decoder(list[AnyEvent])
    async with AIOKafkaConsumer(bootstrap_servers=fleet.bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(fleet.events, number) for number in range(PARTITIONS)])
        seen, began = 0, time.perf_counter()
        while seen < events:
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                for record in records:
                    seen += len(decoder.decode(record.value))
        return events / (time.perf_counter() - began)


async def plain_faust(fleet: Fleet, events: Sequence[AnyEvent]) -> float:
    """Events a second of a plain Faust agent with a table, one event a message."""
    topic = f"{fleet.prefix}.single"
    async with topics.Admin(fleet.kafka) as admin:
        await admin._client.create_topics([NewTopic(topic, PARTITIONS, 1)])
    async with AIOKafkaProducer(bootstrap_servers=fleet.bootstrap) as producer:
        for event in events:
            await producer.send(topic, msgspec.json.encode(event), partition=partition_of(event.pbx, PARTITIONS))
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.bench_kafka.plain", fleet.bootstrap, topic, str(PARTITIONS), str(len(events))],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    try:
        return float(done.stdout)
    except ValueError:
        raise RuntimeError(f"the plain agent failed: {done.stderr[-2_000:]}") from None


async def workers(fleet: Fleet, values: Values, events: int, count: int) -> float:
    """Events a second of so many workers: from the first record sent until all is in checkpoints."""
    members = [fleet.start(f"w{number}", checkpoint=CHECKPOINT) for number in range(count)]
    for member in members:
        await member.owns(at_least=PARTITIONS // count)
    began = time.perf_counter()
    await fleet.publish(values)
    await fleet.settled(SETTLE)
    seconds = time.perf_counter() - began
    for member in members:
        member.kill()
    return events / seconds


class Steady(NamedTuple):
    """At a steady rate, in milliseconds: from the sending of each event to the decision it led to, sorted; and the
    longest time for which the worker's event loop was held up by anything but waiting.
    """

    delays: Sequence[float]
    longest_pause: float


async def steady(fleet: Fleet, events: Sequence[AnyEvent]) -> Steady:
    """What was sent in the first seconds is left out of the delays: then the worker compiles the settings of PBXs."""
    member = fleet.start("steady", checkpoint=CHECKPOINT)
    await member.owns(at_least=PARTITIONS)
    sent: dict[str, float] = {}
    arrived: list[tuple[float, bytes]] = []
    watching = asyncio.create_task(watch(fleet, arrived))
    async with AIOKafkaProducer(bootstrap_servers=fleet.bootstrap, acks="all") as producer:
        began, since = time.perf_counter(), time.monotonic()
        for number, batch in enumerate(batches(events, LATENCY_BATCH)):
            await asyncio.sleep(began + number * LATENCY_BATCH / LATENCY_RATE - time.perf_counter())
            for partition, of in parted(batch, PARTITIONS).items():
                now = time.perf_counter()
                if now - began > WARM:
                    sent.update((f"{event.pbx}\x1f{event.id}", now) for event in of)
                await producer.send(fleet.events, msgspec.json.encode(of), partition=partition)
    await fleet.settled(SETTLE)
    watching.cancel()
    member.kill()
    return Steady(delays(sent, arrived), longest(member, since))


async def watch(fleet: Fleet, arrived: list[tuple[float, bytes]]) -> None:
    """Note when each finding comes."""
    async with AIOKafkaConsumer(bootstrap_servers=fleet.bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(fleet.findings_topic, number) for number in range(PARTITIONS)])
        while True:
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                now = time.perf_counter()
                arrived.extend((now, record.value) for record in records)


def delays(sent: dict[str, float], arrived: Sequence[tuple[float, bytes]]) -> list[float]:
    """A decision names its detection, and that the event that made it fire."""
    fired: dict[str, float] = {}
    found = []
    for at, value in arrived:
        finding = msgspec.json.decode(value)
        if finding["type"] == "detection" and finding["evidence"]:
            event = f"{finding['pbx']}\x1f{finding['evidence'][-1]}"
            if event in sent:
                fired[finding["id"]] = sent[event]
        elif finding["type"] == "decision" and not finding.get("revision") and finding["because"][-1] in fired:
            found.append((at - fired[finding["because"][-1]]) * 1_000)
    return sorted(found)
