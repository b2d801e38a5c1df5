"""Tables of the stream side: log, outbox, dead letters, checkpoints."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from streams.store.columns import TYPES, Counted, Numbered, metadata


class StreamBase(DeclarativeBase):
    """Everything `migrate(engine, "stream")` makes."""

    metadata = metadata()
    type_annotation_map = TYPES


class LogTable(StreamBase):
    """Events in the order they are processed; offsets are contiguous from 1 and never used again."""

    __tablename__ = "log"
    offset: Mapped[Numbered]
    pbx: Mapped[str]
    payload: Mapped[bytes]


class OutboxTable(StreamBase):
    """Findings that the journal has not got yet."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("finding_id", "revision"), {"sqlite_autoincrement": True})
    seq: Mapped[Counted]
    finding_id: Mapped[str]
    revision: Mapped[int]
    type: Mapped[str]
    pbx: Mapped[str]
    body: Mapped[bytes]


class DeadLetterTable(StreamBase):
    """Records nobody could use; only the newest are kept."""

    __tablename__ = "dead_letter"
    id: Mapped[Numbered]
    received_at: Mapped[int]
    source: Mapped[str]
    pbx: Mapped[str | None]
    reason: Mapped[str]
    field: Mapped[str]
    excerpt: Mapped[str]


class CounterTable(StreamBase):
    """The last number given out, which outlives the rows themselves."""

    __tablename__ = "counter"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


class PartitionTable(StreamBase):
    """How far a partition's memory is saved, and who may save it. `version` counts the saves."""

    __tablename__ = "partition"
    partition: Mapped[Numbered]
    offset: Mapped[int]
    epoch: Mapped[int]
    version: Mapped[int]


class ListTable(StreamBase):
    """A block list as it was in force once, so that a log that names it can be processed again."""

    __tablename__ = "block_list"
    digest: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    source: Mapped[str]
    at: Mapped[int]
    networks: Mapped[bytes]
    refused: Mapped[bytes]
    etag: Mapped[str | None]
    modified: Mapped[str | None]


class PlaceTable(StreamBase):
    """How far what is followed has been taken in, by the name of its source, whose own words the value is in."""

    __tablename__ = "place"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[bytes]


class PageTable(StreamBase):
    """A piece of a partition's memory. `key` is UTF-8 that lets surrogates and NUL pass."""

    __tablename__ = "page"
    __table_args__ = ({"sqlite_with_rowid": False},)
    partition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[bytes] = mapped_column(primary_key=True)
    value: Mapped[bytes]
