"""Reads what stands in topics, for tests."""

from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import arguments


async def records(kafka: Kafka, name: str) -> list[Any]:
    """All records of one of our topics as of now, each partition in its order."""
    topic = f"{kafka.prefix}.{name}"
    async with AIOKafkaConsumer(topic, **arguments(kafka), auto_offset_reset="earliest") as consumer:
        places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        found = []
        for place, end in (await consumer.end_offsets(places)).items():
            while await consumer.position(place) < end:
                for read in (await consumer.getmany(place, timeout_ms=5_000)).values():
                    found += read
    return found


def events_of(found: list[Any]) -> list[Any]:
    """The JSON objects of records, arrays taken apart."""
    values = [msgspec.json.decode(record.value) for record in found]
    return [event for value in values for event in (value if isinstance(value, list) else [value])]


async def logged(kafka: Kafka) -> list[Any]:
    """All events in the log as JSON objects."""
    return events_of(await records(kafka, "events"))
