"""Brings a database to the newest schema."""

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from streams.store.database import open_engine, writing

Schema = Literal["stream", "journal", "spool"]
FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x72696E67


def migrate(engine: Engine, schema: Schema) -> None:
    """Apply what is missing of `schema` in one transaction; several processes may start at once.

    Both schemas may live in one database: each has its own version table.
    """
    config = Config()
    config.set_main_option("script_location", _literal(FOLDER))
    config.set_main_option("version_locations", _literal(FOLDER / schema))
    config.set_main_option("path_separator", "newline")
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        config.attributes.update(connection=connection, version_table=version_table(schema))
        command.upgrade(config, "head")


def opened(url: str, schema: Schema) -> Engine:
    """A database brought up to date."""
    engine = open_engine(url)
    migrate(engine, schema)
    return engine


def version_table(schema: Schema) -> str:
    """Where Alembic notes how far `schema` is."""
    return f"{schema}_version"


def _literal(path: Path) -> str:
    return str(path).replace("%", "%%")
