"""The whole way on real Kafka: three PBXs are guessed at, and a fourth knows the address at its first attempt."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer

from detector.contract.codec import Rejected
from detector.contract.events import Control, Registration
from detector.decide.sightings import Sighting
from streams.config.installation import Installation
from streams.kafka.sighting_seal import SEAL, Sightings
from streams.kafka.write.producer import KafkaIngest
from streams.pbxs.shared_list import FleetList
from streams.store.database import open_engine
from streams.store.journal.journal import Journal
from streams.store.keys import shared_vault
from streams.store.migrate import migrate
from streams.store.vault import Vault
from tests.kafka.fleet import WITHIN, Fleet
from tests.kafka.reading import logged, records

THIEF, HIT, SPARED, CAREFUL = "203.0.113.77", ("pbx-a", "pbx-b", "pbx-c"), "pbx-d", "pbx-e"
SETTINGS = {
    "defaults": {"region": "US", "timezone": "America/New_York", "mode": "auto"},
    "pbxs": [{"id": CAREFUL, "protected": ["203.0.113.0/24"]}],
}


def refused(pbx: str, number: int) -> Registration:
    at = datetime.now(UTC) - timedelta(seconds=10 - number)
    return Registration(
        pbx=pbx,
        id=f"{pbx}-{number}",
        at=at,
        received_at=at,
        outcome="rejected",
        account="1007",
        source_ip=THIEF,
    )


async def found(fleet: Fleet, kind: str, pbx: str) -> list[dict[str, Any]]:
    """All findings of a sort about a PBX, as soon as there are any."""
    async with asyncio.timeout(WITHIN):
        while True:
            every = [msgspec.json.decode(value) for value in await fleet.findings()]
            some = [one for one in every if one["type"] == kind and one["pbx"] == pbx]
            if some:
                return some
            await asyncio.sleep(0.3)


async def sighted(fleet: Fleet, wanted: int) -> list[Any]:
    """The records of sightings, as soon as there are so many."""
    async with asyncio.timeout(WITHIN):
        while True:
            read = await records(fleet.kafka, "sightings")
            if len(read) >= wanted:
                return read
            await asyncio.sleep(0.3)


async def test_what_three_pbxs_saw_stops_the_first_attempt_at_a_fourth(fleet: Fleet) -> None:
    key = shared_vault(fleet.folder / "data")
    database = open_engine(fleet.database)
    migrate(database, "journal")
    fleet.start("one")
    async with KafkaIngest(fleet.kafka, key, fleet.folder / "spool") as ingest:
        await ingest.put_control(
            [Control(pbx="*", id="settings", at=datetime.now(UTC), name="settings", settings=SETTINGS)]
        )
        await ingest.put([refused(pbx, number) for pbx in HIT for number in range(5)])

        sightings = Sightings(key)
        told = [sightings.read(record.value, record.headers) for record in await sighted(fleet, 3)]
        seen = [one for one in told if isinstance(one, Sighting)]
        assert [one.id for one in seen] == [THIEF] * 3 == [one.id for one in told if not isinstance(one, Rejected)]
        assert len({one.pbx for one in seen}) == 3
        raw = b"".join(record.value for record in await sighted(fleet, 3))
        assert not [pbx for pbx in HIT if pbx.encode() in raw]

        gateway = FleetList(Journal(database), ingest.put_control, Installation())
        await gateway.take(seen)
        assert await gateway.tell() == 1
        announced = [event for event in await logged(fleet.kafka) if event.get("name") == "fleet"]
        assert len(announced) == fleet.kafka.partitions
        assert not [pbx for pbx in HIT if pbx in str(announced)]

        await ingest.put([refused(SPARED, 5), refused(CAREFUL, 6)])
        for pbx in (SPARED, CAREFUL):
            (detection,) = await found(fleet, "detection", pbx)
            assert (detection["rule"], detection["values"]) == ("fleet.known_source", {"fleet_pbxs": 3})
        (decision,) = await found(fleet, "decision", SPARED)
        assert (decision["action"], decision["target"]["id"], decision["mode"]) == ("block_ip", THIEF, "auto")
        assert "refused" not in decision
        (vetoed,) = await found(fleet, "decision", CAREFUL)
        assert "protected by the settings" in vetoed["refused"]
    await fleet.settled()
    assert await fleet.letters() == []
    assert len(await records(fleet.kafka, "sightings")) == 3
    database.dispose()


async def test_without_our_seal_nothing_is_a_sighting(fleet: Fleet) -> None:
    ours, theirs = Sightings(shared_vault(fleet.folder / "data")), Sightings(Vault(fleet.folder / "another"))
    value = msgspec.json.encode(
        Sighting(kind="source_ip", id=THIEF, rule="r", at=datetime.now(UTC), detection="d", pbx="ab" * 32)
    )
    sealed = ours._seals.headers(value, SEAL)
    topic = f"{fleet.prefix}.sightings"
    forged = [(value, []), (value, theirs._seals.headers(value, SEAL)), (value, ours._seals.headers(value, topic)),
              (value + b" ", sealed), (b"", sealed), (None, sealed), (b"x" * 5_000, sealed),
              (b"\xff", ours._seals.headers(b"x", SEAL))]  # fmt: skip
    async with AIOKafkaProducer(bootstrap_servers=fleet.bootstrap) as producer:
        for one, headers in [*forged, (value, sealed)]:
            await producer.send_and_wait(topic, one, key=THIEF.encode(), headers=headers)
    read = [ours.read(record.value, record.headers) for record in await records(fleet.kafka, "sightings")]
    assert [isinstance(one, Rejected) for one in read] == [True] * len(forged) + [False]
