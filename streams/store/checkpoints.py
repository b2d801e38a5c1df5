"""All memory of a partition as of one offset, saved by its owner only."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Protocol

from msgspec import Struct
from sqlalchemy import Connection, Engine, bindparam, delete, select, update

from streams.store.database import insert_into, reading, writing
from streams.store.store_errors import Fenced, OffsetError
from streams.store.tables_stream import PageTable, PartitionTable

NOTHING = -1
CHUNK = 1_000


class Checkpoint(Struct, frozen=True):
    """`offset` is the last one applied to these pages, `NOTHING` (-1) if none was ever saved.

    `pages` gives each `(key, value)` once, from one snapshot; it holds a connection until it is used up.
    """

    offset: int
    pages: Iterator[tuple[str, bytes]]


class Checkpoints(Protocol):
    """Where memory is saved; `claim` before `load`, at assignment of a partition only."""

    def claim(self, partition: int) -> int:
        """Become the owner: raise the partition's epoch by 1 and return it."""
        ...

    def load(self, partition: int) -> Checkpoint:
        """The newest checkpoint."""
        ...

    def save(self, partition: int, epoch: int, offset: int, pages: Mapping[str, bytes | None]) -> None:
        """Change `pages` (None removes one) and the offset together.

        Raises `Fenced` when `epoch` is not the partition's any more, `OffsetError` for an older offset.
        """
        ...


class SqlCheckpoints:
    """Checkpoints in the tables `partition` and `page`, on SQLite and PostgreSQL; counts what it has written."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        page = insert_into(engine, PageTable)
        self._put = page.on_conflict_do_update(index_elements=["partition", "key"], set_={"value": page.excluded.value})
        self.pages_written = self.bytes_written = 0
        self._drop = delete(PageTable).where(
            PageTable.partition == bindparam("of_partition"), PageTable.key == bindparam("of_key")
        )

    def claim(self, partition: int) -> int:
        """Raise the partition's epoch by 1 and return it."""
        row = insert_into(self._engine, PartitionTable).values(partition=partition, offset=NOTHING, epoch=1, version=0)
        raised = row.on_conflict_do_update(
            index_elements=["partition"], set_={"epoch": PartitionTable.epoch + 1}
        ).returning(PartitionTable.epoch)
        with writing(self._engine) as connection:
            return int(connection.execute(raised).scalar_one())

    def load(self, partition: int) -> Checkpoint:
        """Offset and pages from one snapshot."""
        query = select(PartitionTable.offset).where(PartitionTable.partition == partition)
        with ExitStack() as stack:
            connection = stack.enter_context(reading(self._engine))
            offset = connection.execute(query).scalar_one_or_none()
            pages = _pages(stack.pop_all(), connection, partition)
        return Checkpoint(NOTHING if offset is None else offset, pages)

    def save(self, partition: int, epoch: int, offset: int, pages: Mapping[str, bytes | None]) -> None:
        """One transaction; the partition's row is taken first, so that owners queue up behind it."""
        owned = (
            update(PartitionTable)
            .where(
                PartitionTable.partition == partition, PartitionTable.epoch == epoch, PartitionTable.offset <= offset
            )
            .values(offset=offset, version=PartitionTable.version + 1)
        )
        with writing(self._engine) as connection:
            if connection.execute(owned).rowcount != 1:
                raise self._refusal(connection, partition, epoch, offset)
            self._write(connection, partition, pages)
        self.pages_written += len(pages)
        self.bytes_written += sum(len(key) + len(value or b"") for key, value in pages.items())

    def _write(self, connection: Connection, partition: int, pages: Mapping[str, bytes | None]) -> None:
        put = [
            {"partition": partition, "key": stored(key), "value": value}
            for key, value in pages.items()
            if value is not None
        ]
        gone = [{"of_partition": partition, "of_key": stored(key)} for key, value in pages.items() if value is None]
        if put:
            connection.execute(self._put, put)
        if gone:
            connection.execute(self._drop, gone)

    def _refusal(self, connection: Connection, partition: int, epoch: int, offset: int) -> Exception:
        row = connection.execute(
            select(PartitionTable.epoch, PartitionTable.offset).where(PartitionTable.partition == partition)
        ).one_or_none()
        if row is None or row.epoch != epoch:
            return Fenced(f"partition {partition}: epoch {epoch} is over, now {row and row.epoch}")
        return OffsetError(f"partition {partition}: offset {offset} offered, {row.offset} saved")


def saved_offsets(engine: Engine) -> dict[int, int]:
    """How far each partition that anybody ever worked on is saved."""
    with reading(engine) as connection:
        rows = connection.execute(select(PartitionTable.partition, PartitionTable.offset)).all()
    return {row.partition: max(row.offset, 0) for row in rows}


def _pages(held: ExitStack, connection: Connection, partition: int) -> Iterator[tuple[str, bytes]]:
    query = select(PageTable.key, PageTable.value).where(PageTable.partition == partition)
    with held:
        for key, value in connection.execution_options(yield_per=CHUNK).execute(query):
            yield key.decode("utf-8", "surrogatepass"), value


def stored(key: str) -> bytes:
    """A page's key as it stands in its column: any text has bytes, lone surrogates too."""
    return key.encode("utf-8", "surrogatepass")
