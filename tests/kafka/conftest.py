"""A real Apache Kafka, one node or three, on ports of its own."""

import os
from collections.abc import Iterator
from itertools import count

import pytest

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
