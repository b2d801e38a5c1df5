"""One partition's worker: findings by offset, memory saved with the offset it stands for."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from detector.contract.codec import Codec
from detector.contract.events import Registration
from detector.settings import Settings
from streams.config.installation import Installation
from streams.runtime.partition import Partition
from streams.runtime.tables import tables
from streams.store.checkpoints import SqlCheckpoints
from streams.store.database import open_engine
from streams.store.store_errors import Fenced, UnavailableError

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Failing(SqlCheckpoints):
    """Checkpoints on a disk that is full now and then."""

    full = False

    def save(self, partition: int, epoch: int, offset: int, pages: Mapping[str, bytes | None]) -> None:
        if self.full:
            raise UnavailableError("database or disk is full")
        super().save(partition, epoch, offset, pages)


@pytest.fixture
def database(migrated_url: str) -> Iterator[Engine]:
    engine = open_engine(migrated_url)
    yield engine
    engine.dispose()


def worker_of(database: Engine) -> Partition:
    settings = Settings.model_validate({"pbxs": [{"id": "hq"}]})
    worker = Partition(settings, tables(Installation()), Failing(database))
    worker.recover()
    return worker


def guess(number: int) -> Registration:
    return Registration(
        pbx="hq", id=f"r{number}", at=AT + timedelta(seconds=number), outcome="rejected", account="1007",
        source_ip="203.0.113.77",
    )  # fmt: skip


GUESSES = [(number, guess(number)) for number in range(1, 11)]


def test_an_offset_that_was_reached_changes_nothing(database: Engine) -> None:
    worker = worker_of(database)
    assert worker.process(GUESSES)
    read = worker.engine.counts["read"]
    assert worker.process(GUESSES) == []
    assert worker.engine.counts["read"] == read


@pytest.mark.parametrize("saved", [0, 3, 4, 5, 9])
def test_after_a_crash_the_same_findings_come_again(saved: int, database: Engine) -> None:
    undisturbed = worker_of(database).process(GUESSES)
    worker = worker_of(database)
    found = worker.process(GUESSES[:saved])
    worker.checkpoint()
    again = worker_of(database)
    assert again.offset == saved
    codec = Codec()
    assert found + again.replay([(offset, codec.encode(event)) for offset, event in GUESSES]) == undisturbed


def test_a_checkpoint_that_failed_is_made_up_for(database: Engine) -> None:
    undisturbed = worker_of(database).process(GUESSES)
    worker = worker_of(database)
    found = worker.process(GUESSES[:3])
    Failing.full = True
    try:
        with pytest.raises(UnavailableError):
            worker.checkpoint()
    finally:
        Failing.full = False
    found += worker.process(GUESSES[3:4])
    assert worker.checkpoint() == 4
    again = worker_of(database)
    assert found + again.process(GUESSES) == undisturbed


def test_only_the_owner_saves(database: Engine) -> None:
    first = worker_of(database)
    first.process(GUESSES)
    worker_of(database)
    with pytest.raises(Fenced):
        first.checkpoint()
