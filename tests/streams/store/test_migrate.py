"""The migrations make what the models say, on both databases."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.orm import DeclarativeBase

from streams.store.database import open_engine
from streams.store.migrate import Schema, migrate, version_table
from streams.store.tables_journal import JournalBase
from streams.store.tables_spool import SpoolBase
from streams.store.tables_stream import StreamBase

BASES: dict[Schema, type[DeclarativeBase]] = {"stream": StreamBase, "journal": JournalBase, "spool": SpoolBase}


@pytest.mark.parametrize("schema", BASES)
def test_models_are_what_migrations_make(store_url: str, schema: Schema) -> None:
    engine = open_engine(store_url)
    migrate(engine, schema)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": version_table(schema)})
        assert compare_metadata(context, BASES[schema].metadata) == []
    engine.dispose()


def test_both_schemas_live_in_one_database_and_again_changes_nothing(store_url: str) -> None:
    engine = open_engine(store_url)
    migrate(engine, "stream")
    migrate(engine, "journal")
    tables = set(inspect(engine).get_table_names())
    assert set(StreamBase.metadata.tables) | set(JournalBase.metadata.tables) < tables
    migrate(engine, "stream")
    migrate(engine, "journal")
    assert set(inspect(engine).get_table_names()) == tables
    engine.dispose()


def test_several_processes_may_migrate_at_once(store_url: str) -> None:
    engines = [open_engine(store_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda engine: migrate(engine, "journal"), engines))
    assert "incident" in inspect(engines[0]).get_table_names()
    for engine in engines:
        engine.dispose()


def test_sqlite_is_durable_private_and_keeps_foreign_keys(tmp_path: Path) -> None:
    path = tmp_path / "new" / "stream.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine, "stream")
    with engine.connect() as connection:
        values = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    engine.dispose()


def test_a_store_needs_a_file() -> None:
    with pytest.raises(ValueError, match="file"):
        open_engine("sqlite://")
