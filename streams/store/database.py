"""Opens SQLite or PostgreSQL so that a commit is durable and writers wait for each other."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, create_engine, event, literal_column, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry

from streams.store.store_errors import FullError, UnavailableError

BUSY_SECONDS = 10
PATIENCE = {
    "connect_timeout": BUSY_SECONDS, "tcp_user_timeout": 2 * BUSY_SECONDS * 1_000,
    "keepalives_idle": BUSY_SECONDS, "keepalives_interval": 3, "keepalives_count": 3,
}  # fmt: skip
"""A server that swallows packets is found out, too."""
NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
"""The second where a limit on files says no."""
PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1_000}",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:////path/file.db` or `postgresql://...`; a new file is ours alone.

    Statement values never appear in errors: they are call data.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(url, parsed.database)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(parsed, pool_pre_ping=True, hide_parameters=True, connect_args=PATIENCE)


def _open_sqlite(url: str, database: str | None) -> Engine:
    if not database or database == ":memory:":
        raise ValueError("a store needs a file: sqlite:////path/file.db")
    path = Path(database)
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):  # opening and closing one in use would drop the locks SQLite holds on it
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself: `_begin` does
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    _write_ahead(cursor)
    cursor.close()


def _write_ahead(cursor: DBAPICursor) -> None:
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:  # the switch, made once in a file's life, does not wait its turn
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _begin(connection: Connection) -> None:
    # a transaction that reads first and writes later fails at once when another wrote in between
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes; committed at the end, rolled back on any error.

    Raises `UnavailableError` when the database cannot be used now.
    """
    with _mapped(), engine.connect() as connection:
        connection = connection.execution_options(writes=True)
        with connection.begin():
            yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads, all of it from one snapshot. Raises `UnavailableError`."""
    with _mapped(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        code = getattr(error.orig, "sqlite_errorcode", 0)
        raise (FullError if code in NO_ROOM else UnavailableError)(str(error.orig)) from error


def insert_into(engine: Engine, table: type[DeclarativeBase]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT of this database's dialect, which knows ON CONFLICT."""
    return postgresql.insert(table) if engine.dialect.name == "postgresql" else sqlite.insert(table)


def database_now(engine: Engine) -> ColumnElement[int]:
    """Microseconds since 1970 by the database's clock, which is one for all processes; SQLite's has milliseconds."""
    text = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000"
    if engine.dialect.name == "postgresql":
        text = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"
    return literal_column(text, BigInteger)
