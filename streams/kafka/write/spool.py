"""Keeps records on disk while no broker takes them: bounded, in order, and safe against a crash at any moment."""

import fcntl
import os
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import structlog
from msgspec import Struct
from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select
from sqlalchemy.exc import DatabaseError, OperationalError

from streams.runtime.clock import utc_now
from streams.store.database import open_engine, reading, writing
from streams.store.migrate import migrate
from streams.store.store_errors import SpoolError, UnavailableError
from streams.store.tables_spool import SpoolTable

FILE = "spool.db"
OF_OLDER_VERSIONS = "*.spool"
CHUNK, CHUNK_BYTES = 1_000, 4 * 1024 * 1024
OVERHEAD = 64
"""Bytes that a record takes on disk besides its key and value."""
SHRINK_BYTES = 16 * 1024 * 1024

log = structlog.get_logger(__name__)


class Entry(Struct, frozen=True):
    """One record: its key, its value, and whether it goes out under our seal."""

    key: bytes
    value: bytes
    sealed: bool = False

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return len(self.key) + len(self.value) + OVERHEAD


class Chunk(Struct, frozen=True):
    """The oldest records of a lane; `last` is the number of the last of them."""

    lane: str
    last: int
    entries: list[Entry]


class Spool:
    """Records in lanes, each a queue, in an SQLite file; one process at a time, one thread.

    `append` returns when its records survive a loss of power. `first` reads the oldest chunk of a lane, `drop` forgets
    it once the brokers have it: a crash between the two sends that one again. A file that SQLite cannot read is set
    aside as `.damaged`, never deleted. `limit` is in bytes; `partitions` are those of the topic: lanes are meaningless
    with another number. Raises `SpoolError` where it cannot be used at all, `UnavailableError` where the disk refuses.
    """

    def __init__(self, folder: Path, partitions: int, limit: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._partitions, self._limit = folder, partitions, limit
        self._lock = lock(folder)
        try:
            refuse_older(folder)
            self._engine = self._opened()
        except BaseException:
            os.close(self._lock)
            raise
        self._insert = insert(SpoolTable)
        of_lane = SpoolTable.lane == bindparam("of_lane")
        self._oldest = (
            select(SpoolTable.seq, SpoolTable.key, SpoolTable.value, SpoolTable.sealed)
            .where(of_lane)
            .order_by(SpoolTable.seq)
            .limit(CHUNK)
        )
        self._delete = delete(SpoolTable).where(of_lane, SpoolTable.seq <= bindparam("upto"))
        bytes_of = func.length(SpoolTable.key) + func.length(SpoolTable.value) + OVERHEAD
        with reading(self._engine) as connection:
            self.size: int = connection.execute(select(func.coalesce(func.sum(bytes_of), 0))).scalar_one()

    def close(self) -> None:
        """Let another process have the folder."""
        self._engine.dispose()
        os.close(self._lock)

    def lanes(self) -> list[str]:
        """The lanes that hold something."""
        with reading(self._engine) as connection:
            return list(connection.execute(select(SpoolTable.lane).distinct().order_by(SpoolTable.lane)).scalars())

    def append(self, lane: str, entries: Sequence[Entry]) -> None:
        """Keep records behind those of the lane. Raises `UnavailableError`, also when it is full: none is kept then."""
        more = sum(entry.size for entry in entries)
        if self.size + more > self._limit:
            raise UnavailableError(f"the spool {self._folder} is full")
        with writing(self._engine) as connection:
            self._put(connection, lane, entries)
        self.size += more

    def first(self, lane: str) -> Chunk | None:
        """The oldest records of the lane, some megabytes of them; None if it is empty."""
        entries: list[Entry] = []
        last = size = 0
        with reading(self._engine) as connection:
            for row in connection.execute(self._oldest, {"of_lane": lane}):
                entries.append(Entry(row.key, row.value, row.sealed))
                last, size = row.seq, size + entries[-1].size
                if size >= CHUNK_BYTES:
                    break
        return Chunk(lane, last, entries) if entries else None

    def drop(self, chunk: Chunk) -> None:
        """Forget what `first` has read."""
        self.replace(chunk, chunk.lane, ())

    def replace(self, chunk: Chunk, lane: str, entries: Sequence[Entry]) -> None:
        """Forget a chunk and keep what was made of it in another lane, however full it is: both, or neither."""
        with writing(self._engine) as connection:
            connection.execute(self._delete, {"of_lane": chunk.lane, "upto": chunk.last})
            self._put(connection, lane, entries)
        self.size += sum(entry.size for entry in entries) - sum(entry.size for entry in chunk.entries)
        if not self.size:
            self._shrink()

    def clear(self, lane: str) -> None:
        """Forget all of a lane."""
        while chunk := self.first(lane):
            self.drop(chunk)

    def _put(self, connection: Connection, lane: str, entries: Sequence[Entry]) -> None:
        rows = [
            {"lane": lane, "partitions": self._partitions, "key": one.key, "value": one.value, "sealed": one.sealed}
            for one in entries
        ]
        if rows:
            connection.execute(self._insert, rows)

    def _shrink(self) -> None:
        """Give the disk back what a long absence of the brokers has taken."""
        if (self._folder / FILE).stat().st_size < SHRINK_BYTES:
            return
        with suppress(OperationalError), closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            for command in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                cursor.execute(command)

    # --- opening

    def _opened(self) -> Engine:
        """The file, or an empty one in place of one that is damaged."""
        file = self._folder / FILE
        engine = open_engine(f"sqlite:///{file.absolute()}")
        try:
            if problem := damage(engine):
                engine.dispose()
                set_aside(file, problem)
                engine = open_engine(f"sqlite:///{file.absolute()}")
            migrate(engine, "spool")
            self._refuse_others(engine)
        except BaseException:
            engine.dispose()
            raise
        return engine

    def _refuse_others(self, engine: Engine) -> None:
        query = select(SpoolTable.partitions).where(SpoolTable.partitions != self._partitions).limit(1)
        with reading(engine) as connection:
            other = connection.execute(query).scalar_one_or_none()
        if other is not None:
            raise SpoolError(
                f"the spool {self._folder} holds records for {other} partitions, not {self._partitions}: "
                "let it run empty with the old number first"
            )


def lock(folder: Path) -> int:
    """The folder is ours until this descriptor is closed."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise SpoolError(f"the spool {folder} is in use by another ringfence: give each a --name") from None
    return descriptor


def refuse_older(folder: Path) -> None:
    """Records in segments, as they were kept until 0.1, are in the way until that version has sent them."""
    if any(path.stat().st_size for path in folder.glob(OF_OLDER_VERSIONS)):
        raise SpoolError(
            f"the spool {folder} holds records that an older version has written ({OF_OLDER_VERSIONS}): "
            "let it run empty with that version first"
        )


def damage(engine: Engine) -> str | None:
    """What SQLite finds wrong with its file, if it does."""
    try:
        with reading(engine) as connection:
            found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
    except DatabaseError as error:
        return str(error.orig)
    return None if found == "ok" else found


def set_aside(file: Path, problem: str) -> None:
    """Keep a damaged file for people: it may hold events that nobody else has."""
    to = f"{file.stem}-{utc_now():%Y%m%dT%H%M%S}.damaged"
    log.error("the spool cannot be read and is set aside", file=to, problem=problem)
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            file.with_name(f"{file.name}{end}").rename(file.with_name(f"{to}{end}"))
