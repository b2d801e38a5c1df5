"""Importing history warms baselines and cannot act."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from detector.contract.events import AnyEvent, Call, Registration
from streams.cli.import_command import import_history
from streams.config.installation import Installation, core_settings
from streams.processes.run import Service
from streams.runtime.partition import Partition
from streams.runtime.tables import tables
from streams.store.checkpoints import SqlCheckpoints
from streams.store.database import open_engine

NOW = datetime.now(UTC)
RULES = {"rules": {rule: {"mode": "auto"} for rule in ("registration.bruteforce", "call.premium", "call.suspect")}}


@pytest.fixture
def settings(tmp_path: Path) -> Installation:
    return Installation.model_validate({"data": tmp_path, "defaults": RULES, "pbxs": [{"id": "hq"}]})


def registered(
    number: int, at: datetime, address: str, agent: str = "Yealink T46", outcome: str = "accepted"
) -> AnyEvent:
    return Registration(
        pbx="hq",
        id=f"r{number}",
        at=at,
        outcome=outcome,
        account="1001",
        extension="1001",
        source_ip=address,
        user_agent=agent,
    )


def office_days() -> Iterator[AnyEvent]:
    for day in range(10, 2, -1):
        yield registered(day, NOW - timedelta(days=day), "8.8.4.4")


def attack() -> Iterator[AnyEvent]:
    at = NOW - timedelta(days=2)
    for number in range(20):
        yield registered(100 + number, at + timedelta(seconds=number), "203.0.113.77", outcome="rejected")
    yield registered(200, at + timedelta(seconds=30), "203.0.113.77", "friendly-scanner")
    for number in range(5):
        yield Call(
            pbx="hq",
            id=f"c{number}",
            at=at + timedelta(seconds=60 + number),
            phase="started",
            call_id=f"c{number}",
            direction="outbound",
            extension="1001",
            to="901188213300000",
        )


async def imported(settings: Installation, events: Iterator[AnyEvent]) -> tuple[int, int]:
    done = await import_history(Service(settings), events)
    return done.events, done.recent


def rows(file: Path, table: str) -> int:
    database = open_engine(f"sqlite:///{file}")
    with database.connect() as connection:
        count = int(connection.execute(text(f"select count(*) from {table}")).scalar_one())  # noqa: S608
    database.dispose()
    return count


def worker_of(settings: Installation) -> Partition:
    database = open_engine(f"sqlite:///{settings.data}/stream.db")
    worker = Partition(core_settings(settings), tables(settings), SqlCheckpoints(database))
    worker.recover()
    database.dispose()
    return worker


async def test_a_known_place_is_no_news_and_a_new_one_is(settings: Installation) -> None:
    assert await imported(settings, office_days()) == (8, 0)
    worker = worker_of(settings)
    usual = registered(900, NOW, "8.8.4.4")
    strange = registered(901, NOW, "203.0.113.9", "SIPp")
    assert worker.process([(worker.offset + 1, usual)]) == []
    found = worker.process([(worker.offset + 1, strange)])
    said = [finding.rule for finding in found if hasattr(finding, "rule")]
    assert said == ["registration.new_agent", "registration.new_place"]


async def test_an_attack_in_history_leads_to_nothing(settings: Installation) -> None:
    assert await imported(settings, attack()) == (26, 0)
    assert rows(settings.data / "stream.db", "outbox") == 0
    for table in ("incident", "decision", "action", "notification"):
        assert rows(settings.data / "journal.db", table) == 0


async def test_a_second_import_of_the_same_changes_nothing(settings: Installation) -> None:
    await imported(settings, office_days())
    before = worker_of(settings).engine.entities()
    await imported(settings, office_days())
    assert worker_of(settings).engine.entities() == before


async def test_the_last_hour_is_left_to_the_live_service(settings: Installation) -> None:
    events = iter(
        [registered(1, NOW - timedelta(minutes=5), "8.8.4.4"), registered(2, NOW - timedelta(days=1), "8.8.4.4")]
    )
    assert await imported(settings, events) == (1, 1)
