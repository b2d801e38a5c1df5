"""Gateways: from an attack to a contained one through Kafka, and what happens when one of them dies or sleeps."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from detector.contract.codec import encode_finding
from detector.contract.vocabulary import Act
from streams.kafka.seal import Seals
from streams.sim import SimulatedPbx
from streams.store.vault import Vault
from tests.kafka.cluster import Cluster, cluster_of
from tests.kafka.door import Door
from tests.kafka.fleet import Member
from tests.kafka.running import Kafka
from tests.streams.store.conftest import Make
from tests.system.programs import Receiver, judge_history, judge_messages

STOLEN = "1007"
ATTACK = "stolen_extension"
KILLS = 4
THIEF = "203.0.113.88"
MOVED = "SELECT count(*) FROM action_history WHERE state IN ('applying', 'applied')"


@pytest.fixture
async def one(broker: Kafka, prefix: str, postgres_database: str, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with cluster_of(broker, prefix, postgres_database, tmp_path) as made:
        yield made


@pytest.fixture
async def four(broker: Kafka, prefix: str, postgres_database: str, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with cluster_of(broker, prefix, postgres_database, tmp_path, pbxs=4) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiving = Receiver()
    yield receiving
    receiving.close()


def contained(cluster: Cluster, *pbxs: str) -> bool:
    """The stolen extensions are restricted, their calls are cut, and the workers know it."""
    states, incidents = cluster.states(), cluster.rows("SELECT pbx FROM incident WHERE status = 'contained'")
    return all(
        (pbx,) in incidents
        and all("confirmed" in states.get((pbx, kind), ()) for kind in (Act.HANG_UP, Act.RESTRICT_EXTENSION))
        for pbx in pbxs
    )


async def test_an_attack_is_contained_through_kafka(one: Cluster) -> None:
    one.worker()
    gateway = one.gateway()
    await one.connected()
    (sim,) = one.sims
    sim.start_honest_traffic()
    sim.start_attack(ATTACK)
    await one.until("contained", lambda: contained(one, "pbx-0"))
    assert sim.extension(STOLEN).disable_outb_call
    await one.settled()
    told = [msgspec.json.decode(value) for _, value in await one.fleet.records(one.fleet.findings_topic)]
    assert {"applying", "applied", "confirmed"} <= {found["state"] for found in told if found["type"] == "action"}
    gateway.process.terminate()
    assert await gateway.ended() == 0
    assert one.owners() == {}
    assert not sim.core.access._pairs, "the token was given back"


async def test_a_gateway_is_killed_again_and_again_in_the_middle_of_actions(
    broker: Kafka, prefix: str, postgres_database: str, tmp_path: Path, receiver: Receiver
) -> None:
    hook = "notify: [{name: ops, url: env:HOOK, repeat: 1h}]"
    url = f"json://127.0.0.1:{receiver.port}/"
    async with cluster_of(broker, prefix, postgres_database, tmp_path, more=hook, HOOK=url) as cluster:
        cluster.worker()
        gateways = [cluster.gateway("a"), cluster.gateway("b")]
        (sim,) = cluster.sims
        await cluster.connected()
        sim.start_attack(ATTACK)
        for _ in range(KILLS):
            await until_something_is_under_way(cluster)
            victim = owner_of(cluster, gateways)
            if victim is None:
                continue
            victim.kill()
            gateways.remove(victim)
            gateways.append(cluster.gateway(victim.stderr.stem))
        await cluster.until("contained", lambda: contained(cluster, "pbx-0"))
        await cluster.until("the thief has given up", lambda: not calls_up(sim), 120)
        await cluster.settled()
        pending = "SELECT 1 FROM notification WHERE state IN ('pending', 'sending')"
        await cluster.until("everybody is told", lambda: not cluster.rows(pending), 150)
        judge_history(cluster.rows)
        judge_messages(cluster.rows, receiver)
        restricted = cluster.states()["pbx-0", Act.RESTRICT_EXTENSION]
        done = Counter(change["path"] for change in sim.state()["changes"])
        assert done["extension/update"] == len(restricted), f"once each, whoever finished it: {sim.state()['changes']}"


def calls_up(sim: SimulatedPbx) -> object:
    attack = sim.state()["attacks"][ATTACK]
    return attack["phase"] != "over" or attack["calls_up"]


def owner_of(cluster: Cluster, gateways: list[Member]) -> Member | None:
    """Who has the PBX now."""
    name = cluster.owners().get("pbx-0")
    return next((member for member in gateways if member.stderr.stem == name), None)


async def until_something_is_under_way(cluster: Cluster) -> None:
    """An action has begun to change something, or ten seconds have passed."""
    before = cluster.rows(MOVED)
    for _ in range(500):
        if cluster.rows(MOVED) != before:
            return
        await asyncio.sleep(0.02)


async def test_one_that_is_told_to_end_finishes_what_it_has_begun(one: Cluster) -> None:
    one.worker()
    gateway = one.gateway()
    await one.connected()
    one.sims[0].start_attack(ATTACK)
    await until_something_is_under_way(one)
    gateway.process.terminate()
    assert await gateway.ended() == 0
    begun = one.rows("SELECT kind, state FROM action WHERE state IN ('applying', 'applied') AND NOT waits")
    assert not begun, gateway.said()
    assert one.owners() == {}


async def test_gateways_share_the_pbxs_and_take_over_from_the_dead(four: Cluster) -> None:
    one = four.gateway("one")
    await four.until("all are taken", lambda: Counter(four.owners().values()) == {"one": 4})
    four.gateway("two")
    await four.until("half of them each", lambda: Counter(four.owners().values()) == {"one": 2, "two": 2})
    four.worker()
    await four.connected()
    one.kill()
    await four.until("the other has them all", lambda: Counter(four.owners().values()) == {"two": 4}, 30)
    await four.connected()
    for sim in four.sims:
        sim.start_attack(ATTACK)
    await four.until("all contained", lambda: contained(four, "pbx-0", "pbx-1", "pbx-2", "pbx-3"))
    for sim in four.sims:
        assert len(sim.core.access._pairs) == 1, "who takes over goes on with the token of the dead"


async def test_one_that_slept_until_its_pbx_was_taken_changes_nothing_when_it_wakes(one: Cluster) -> None:
    one.worker()
    sleeper = one.gateway("sleeper")
    await one.until("taken", lambda: one.owners() == {"pbx-0": "sleeper"})
    await one.connected()
    one.gateway("other")
    sleeper.send(signal.SIGSTOP)
    await one.until("taken over", lambda: one.owners() == {"pbx-0": "other"}, 30)
    (sim,) = one.sims
    sim.start_attack(ATTACK)
    await until_something_is_under_way(one)
    sleeper.send(signal.SIGCONT)
    await one.until("contained", lambda: contained(one, "pbx-0"))
    await one.settled()
    judge_history(one.rows)
    changes = Counter(change["path"] for change in sim.state()["changes"])
    assert changes["extension/update"] == 1
    assert one.owners() == {"pbx-0": "other"}
    await one.until("it knows", lambda: "other gateways have these PBXs by now" in sleeper.said())
    assert sleeper.running


async def test_findings_that_we_did_not_write_lead_to_nothing(one: Cluster, make: Make) -> None:
    one.gateway()
    await one.connected()
    incident, decision = make.incident(pbx="pbx-0"), make.decision(pbx="pbx-0")
    forged = [encode_finding(incident), encode_finding(decision)]
    seals = Seals(Vault(one.fleet.folder / "data" / "key"))
    garbage, place = b'{"type": "decision"}', one.fleet.findings_topic
    async with AIOKafkaProducer(bootstrap_servers=one.fleet.bootstrap) as producer:
        for value in forged:
            await producer.send(one.fleet.findings_topic, value)
            elsewhere = seals.headers(value, one.fleet.events)
            await producer.send(one.fleet.findings_topic, value, headers=elsewhere)
            await producer.send(one.fleet.findings_topic, value, headers=seals.headers(value[:-1], place))
        await producer.send(one.fleet.findings_topic, garbage, headers=seals.headers(garbage, place))
        ours = encode_finding(make.incident("inc-ours", pbx="pbx-0"))
        await producer.send_and_wait(one.fleet.findings_topic, ours, headers=seals.headers(ours, place))
    await one.until("ours is known", lambda: one.rows("SELECT id FROM incident") == [("inc-ours",)])
    letters = await one.fleet.letters()
    reasons = Counter(str(letter["reason"]) for letter in letters)
    assert reasons.pop("not under our seal") == 6
    ((other, count),) = reasons.items()
    assert "missing required field" in other
    assert count == 1
    assert one.states() == {}


async def test_an_address_that_attacked_three_pbxs_is_known_at_the_fourth(four: Cluster) -> None:
    four.worker()
    four.gateway("one")
    four.gateway("two")
    await four.connected()
    for sim in four.sims[:3]:
        sim.start_attack(ATTACK, THIEF)
    listed = "SELECT id FROM fleet_entry WHERE announced"
    await four.until("the address is listed", lambda: (THIEF,) in four.rows(listed))
    four.sims[3].start_attack(ATTACK, THIEF)
    known = "SELECT 1 FROM detection WHERE rule = 'fleet.known_source' AND pbx = 'pbx-3'"
    await four.until("it is known when it comes in", lambda: four.rows(known))


async def test_the_database_is_away_while_an_attack_runs(one: Cluster, tmp_path: Path) -> None:
    door = Door(one.fleet.database, tmp_path / "door")
    one.fleet.through = door.url
    async with door:
        one.worker()
        gateway = one.gateway()
        await one.connected()
    (sim,) = one.sims
    sim.start_attack(ATTACK)
    await asyncio.sleep(60)  # leases of three seconds have long run out
    assert one.states() == {}
    async with door:
        await one.until("contained", lambda: contained(one, "pbx-0"))
        await one.settled()
        judge_history(one.rows)
        assert gateway.running


@pytest.fixture
def make() -> Make:
    return Make()
