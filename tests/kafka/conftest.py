"""A real Apache Kafka, one node or three, on ports of its own."""

import os
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.kafka.fleet import Fleet, fleet_of
from tests.kafka.running import Kafka, kafka

NUMBERS = count(1)


@pytest.fixture(scope="session")
def broker() -> Iterator[Kafka]:
    """One node for all tests. A test that stops it starts it again."""
    with kafka(1) as one:
        yield one


@pytest.fixture(scope="session")
def cluster() -> Iterator[Kafka]:
    """Three nodes for the tests of failover."""
    with kafka(3) as three:
        yield three


@pytest.fixture
def prefix() -> str:
    """The beginning of the names of a test's own topics and groups."""
    return f"t{next(NUMBERS)}-{os.getpid()}"


@pytest.fixture
async def fleet(broker: Kafka, prefix: str, postgres_database: str, tmp_path: Path) -> AsyncIterator[Fleet]:
    """Topics and a database of a test's own, and the workers that it starts."""
    async with fleet_of(broker, prefix, postgres_database, tmp_path) as made:
        yield made
