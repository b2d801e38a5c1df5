"""A private PostgreSQL, and every store test on both databases."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import column, create_engine, func, make_url, select, table, text

from streams.store.database import open_engine
from streams.store.migrate import migrate
from streams.store.tables_journal import JournalBase
from streams.store.tables_stream import StreamBase

SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=",
            "shared_buffers=32MB", "max_connections=60")  # fmt: skip
NUMBERS = count(1)
PROCESSES = {"kafka", "system"}
ACTIVITY = table("pg_stat_activity", column("pid"), column("datname"))


def unavailable(reason: str) -> None:
    """Without PostgreSQL a test is skipped on a developer's machine and fails in CI."""
    if os.environ.get("CI"):
        pytest.fail(f"PostgreSQL is needed: {reason}")
    pytest.skip(f"PostgreSQL: {reason}")


def server_programs() -> Path | None:
    """The folder with `initdb` and `postgres`, newest version first."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def unprivileged() -> str | None:
    """The user PostgreSQL runs as; it refuses root."""
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server of our own behind a socket in a private folder; the URL of its first database."""
    programs = server_programs()
    if programs is None:
        unavailable("initdb is not installed (Debian: apt-get install postgresql)")
        return
    user = unprivileged()
    with tempfile.TemporaryDirectory(prefix="ringfence-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
        log = (folder / "log").open("wb")
        as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", "-U", "ringfence", "-A", "trust",
             "-N", "--no-locale", "-E", "UTF8"],
            check=True, stdout=log, stderr=log, cwd="/", **as_user,
        )  # fmt: skip
        options = [part for setting in SETTINGS for part in ("-c", setting)]
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-k", folder, *options],
            stdout=log, stderr=log, cwd="/", **as_user,
        )  # fmt: skip
        try:
            url = f"postgresql+psycopg://ringfence@/postgres?host={folder}"
            wait_for(url, server, folder / "log")
            yield url
        finally:
            server.send_signal(2)  # fast shutdown: ends sessions
            server.wait(30)
            log.close()


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers; its log when it does not."""
    engine = create_engine(url)
    until = time.monotonic() + 30
    while True:
        try:
            engine.connect().close()
            break
        except Exception:
            if server.poll() is not None or time.monotonic() > until:
                pytest.fail(f"PostgreSQL did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
    engine.dispose()


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
