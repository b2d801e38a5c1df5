"""Gateways: from an attack to a contained one through Kafka, and what happens when one of them dies."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kafka.cluster import Cluster, cluster_of
from tests.kafka.running import Kafka

STOLEN = "1007"


@pytest.fixture
async def one(broker: Kafka, prefix: str, postgres_database: str, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with cluster_of(broker, prefix, postgres_database, tmp_path) as made:
        yield made


def contained(cluster: Cluster, pbx: str) -> bool:
    """The stolen extension is restricted and its calls are cut."""
    states = cluster.states()
    return all("confirmed" in states.get((pbx, kind), ()) for kind in ("hang_up", "restrict_extension"))


async def test_an_attack_is_contained_through_kafka(one: Cluster) -> None:
    one.worker()
    gateway = one.gateway()
    await one.connected()
    (sim,) = one.sims
    sim.start_honest_traffic()
    sim.start_attack("stolen_extension")
    await one.until("contained", lambda: contained(one, "pbx-0"))
    assert sim.extension(STOLEN).disable_outb_call
    await one.until("incident contained", lambda: one.rows("SELECT 1 FROM incident WHERE status = 'contained'"))
    await one.settled()
    gateway.process.terminate()
    assert await gateway.ended() == 0
    assert one.owners() == {}
