"""Migrated stores for the tests of this folder."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from streams.store.database import open_engine
from streams.store.migrate import migrate


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    """Both schemas in one database."""
    engine = open_engine(store_url)
    migrate(engine, "stream")
    migrate(engine, "journal")
    yield engine
    engine.dispose()
