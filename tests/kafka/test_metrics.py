"""What gateway and console tell Prometheus while an attack is contained."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from detector.contract.vocabulary import Act
from streams.processes.http_listener import free_port
from tests.kafka.cluster import ENVIRONMENT, Cluster, cluster_of
from tests.kafka.running import Kafka
from tests.prometheus import documented, exposed, figures, health


@pytest.fixture
async def cluster(broker: Kafka, prefix: str, postgres_database: str, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with cluster_of(broker, prefix, postgres_database, tmp_path) as made:
        yield made


async def test_figures_of_all_processes_come_from_the_work(cluster: Cluster) -> None:
    ports = {name: free_port() for name in ("worker", "gateway", "serve")}
    for name, port in ports.items():
        cluster.fleet.member(
            name, name, "--config", str(cluster.file), "--metrics-port", str(port), **ENVIRONMENT
        )  # fmt: skip
    await cluster.connected()
    (sim,) = cluster.sims
    sim.start_attack("stolen_extension")
    restricted = ("pbx-0", Act.RESTRICT_EXTENSION)
    await cluster.until("confirmed", lambda: "confirmed" in cluster.states().get(restricted, ()))
    await cluster.settled()
    worker, gateway, serve = [await asyncio.to_thread(figures, port) for port in ports.values()]
    assert [await asyncio.to_thread(health, port) for port in ports.values()] == [(200, {"status": "ok"})] * 3
    for name, port in ports.items():
        assert await asyncio.to_thread(exposed, port) == documented(name)
    assert worker['findings_total{type="decision"}'] > 0
    assert gateway["pbxs"] == 1
    assert gateway['source_connected{pbx="pbx-0",source="yeastar-websocket"}'] == 1
    assert gateway['actions{kind="restrict_extension",state="confirmed"}'] == 1
    assert gateway['delay_seconds_count{stage="act"}'] >= gateway['delay_seconds_count{stage="confirm"}'] > 0
    assert "source_connected" not in str(serve)
    assert serve["workers_silent"] == 0
    assert serve["backlog_records"] >= 0
    for found in (gateway, serve):
        assert found["journal_up"] == found["kafka_connected"] == 1
        assert found["spool_bytes"] == found["dead_letters_total"] == 0
        assert sum(value for name, value in found.items() if name.startswith("incidents{")) >= 1
