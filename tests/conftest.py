"""A private PostgreSQL, and every store test on both databases."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import column, create_engine, func, make_url, select, table, text

from streams.store.database import open_engine
from streams.store.migrate import migrate
from streams.store.tables_journal import JournalBase
from streams.store.tables_stream import StreamBase
from tests.postgres import postgres

SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60")
NUMBERS = count(1)
PROCESSES = {"kafka", "system"}
ACTIVITY = table("pg_stat_activity", column("pid"), column("datname"))


def unavailable(reason: str) -> None:
    """Without PostgreSQL a test is skipped on a developer's machine and fails in CI."""
    if os.environ.get("CI"):
        pytest.fail(f"PostgreSQL is needed: {reason}")
    pytest.skip(f"PostgreSQL: {reason}")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server of our own behind a socket in a private folder; the URL of its first database."""
    with tempfile.TemporaryDirectory(prefix="ringfence-pg-", ignore_cleanup_errors=True) as name, ExitStack() as stack:
        try:
            url = stack.enter_context(postgres(Path(name), *SETTINGS))
        except RuntimeError as error:
            unavailable(str(error))
            return
        yield url


@contextmanager
def database(postgres_url: str) -> Iterator[str]:
    """The URL of a new database, gone at the end."""
    name = f"test_{next(NUMBERS)}"
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} STRATEGY file_copy"))
        yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def migrated(url: str) -> str:
    """The same database with both schemas."""
    engine = open_engine(url)
    migrate(engine, "stream")
    migrate(engine, "journal")
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def postgres_migrated(postgres_url: str) -> Iterator[str]:
    """A database with both schemas, emptied after each test: much faster than a new one."""
    with database(postgres_url) as url:
        yield migrated(url)


def emptied(url: str) -> None:
    """As the migrations left it, with nobody connected."""
    name = make_url(url).database
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            select(func.pg_terminate_backend(ACTIVITY.c.pid)).where(
                ACTIVITY.c.pid != func.pg_backend_pid(), ACTIVITY.c.datname == name
            )
        )
        for base in (StreamBase, JournalBase):
            for made in reversed(base.metadata.sorted_tables):
                if made.name != "counter":
                    connection.execute(made.delete())
        connection.execute(text("UPDATE counter SET value = 0"))
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    migrated(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database that exists for one test."""
    with database(postgres_url) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, for each of the two we support."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with both schemas and nothing in it, for each of the two we support."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("postgres_migrated")
        yield url
        emptied(url)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of several processes come first, as they take longest, and get a second chance on a busy machine."""
    items.sort(key=lambda item: item.path.parent.name not in PROCESSES)
    for item in items:
        if item.path.parent.name in PROCESSES:
            item.add_marker(pytest.mark.flaky(reruns=2))
