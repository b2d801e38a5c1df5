"""The project's own scripts start, kill and restart Kafka, and say why it does not start."""

import os
import socket
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.kafka.running import Kafka, script
from tests.ports import free_ports


async def test_what_was_acknowledged_survives_a_kill_of_the_broker(broker: Kafka, prefix: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all") as producer:
        await created(broker, prefix, copies=1)
        await producer.send_and_wait(prefix, b"kept")
    before = broker.pid()
    broker.kill()
    broker.start()
    assert broker.pid() != before
    async with AIOKafkaConsumer(prefix, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest") as consumer:
        assert (await consumer.getone()).value == b"kept"


async def test_three_nodes_hold_three_copies_and_one_may_fall(cluster: Kafka, prefix: str) -> None:
    await created(cluster, prefix, copies=3)
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, acks="all") as producer:
        await producer.send_and_wait(prefix, b"first")
        cluster.kill(2)
        await producer.send_and_wait(prefix, b"second")
    cluster.start()
    assert len({cluster.pid(node) for node in (1, 2, 3)}) == 3


async def created(where: Kafka, topic: str, copies: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=where.bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(topic, 1, copies)])
        assert [error[1] for error in answer.topic_errors] == [0]
    finally:
        await admin.close()


def test_what_runs_is_not_started_twice(broker: Kafka) -> None:
    before = broker.pid()
    broker.start()
    assert broker.pid() == before


def test_a_node_that_cannot_start_shows_its_log(tmp_path: Path, broker: Kafka) -> None:
    port = free_ports(2)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(RuntimeError, match="Address already in use"):
        script("start", "--dir", tmp_path / "kafka", "--port", port)


def test_a_number_that_is_another_process_by_now_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "node-1"
    folder.mkdir()
    (folder / "pid").write_text(str(os.getpid()))
    script("stop", "--kill", "--dir", tmp_path)
    assert not (folder / "pid").exists()


def test_options_that_are_none_are_explained() -> None:
    with pytest.raises(RuntimeError, match="usage:"):
        script("start", "--nodes", "2")
