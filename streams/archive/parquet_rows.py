"""Events to Parquet and back: columns for those who analyse, and the whole event as JSON so that nothing is lost."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it ships no types
from msgspec import Struct

from detector.contract.codec import Codec, Rejected, to_micros
from detector.contract.events import AnyEvent, Unknown
from streams.archive.archive_errors import DamagedError
from streams.archive.layout import happened, verify

MOMENT = pa.timestamp("us", tz="UTC")
TEXTS = (
    "id", "source", "trust", "extension", "from", "to", "source_ip", "user_agent", "account", "outcome", "reason",
    "phase", "call_id", "leg", "direction", "trunk", "trunk_in", "route", "via", "on_behalf_of", "linked_call_id",
    "disposition", "method", "surface", "path", "device", "party", "name", "level", "object", "object_id", "actor",
)  # fmt: skip
TYPES: dict[str, Any] = {
    "at": MOMENT, "received_at": MOMENT, "kind": pa.string(), "revision": pa.int64(), "drill": pa.bool_(),
    **dict.fromkeys(TEXTS, pa.string()),
    "started_at": MOMENT, "answered_at": MOMENT, "duration": pa.float64(), "talk": pa.float64(), "count": pa.int64(),
    "second_factor": pa.bool_(), "log": pa.string(), "offset": pa.int64(), "event": pa.string(),
}  # fmt: skip
ATTRIBUTES = {"from": "from_", "object": "object_"}
NEEDED = ["log", "offset", "event"]
PBX = b"pbx"
COMPRESSION = "zstd"


class Row(Struct, frozen=True):
    """An event, its JSON, and where it came from: a log and the offset in it."""

    event: AnyEvent | Unknown
    raw: bytes
    log: str
    offset: int

    @property
    def order(self) -> tuple[datetime, str, int]:
        """Rows are kept in the order in which things happened, then in that of arrival."""
        return happened(self.event), self.log, self.offset


def kind_of(event: AnyEvent | Unknown) -> str:
    """The kind of an event."""
    return event.kind if isinstance(event, Unknown) else str(event.__struct_config__.tag)


def distinct(rows: Iterable[Row]) -> list[Row]:
    """In order, of each id and revision only what came first: a crash, or two transports, may have brought it twice.

    What comes later must not take the place of what the engine has seen, whatever time it claims.
    """
    first: dict[tuple[str, int], Row] = {}
    for row in sorted(rows, key=lambda row: (row.log, row.offset)):
        first.setdefault((row.event.id, row.event.revision), row)
    return sorted(first.values(), key=lambda row: row.order)


def encoded(rows: Sequence[Row]) -> bytes:
    """A Parquet file of rows of one PBX, at least one. Its metadata names the PBX."""
    columns = {name: pa.array([value(row, name) for row in rows], of) for name, of in TYPES.items()}
    table = pa.table(columns).replace_schema_metadata({PBX: rows[0].event.pbx.encode()})
    return file_of([table], table.schema)


def file_of(tables: Iterable[Any], schema: Any) -> bytes:
    """A Parquet file with a row group of each table."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, schema, compression=COMPRESSION) as writer:
        for table in tables:
            writer.write_table(table)
    return bytes(sink.getvalue())


def value(row: Row, name: str) -> object:
    """What stands in a column."""
    if name == "event":
        return row.raw.decode()
    if name in ("log", "offset"):
        return getattr(row, name)
    if name == "kind":
        return kind_of(row.event)
    found = getattr(row.event, ATTRIBUTES.get(name, name), None)
    return to_micros(found) if isinstance(found, datetime) else found


def table_of(content: bytes, path: str, columns: Sequence[str]) -> Any:
    """Columns of a file as an Arrow table. Raises `DamagedError`."""
    verify(path, content)
    try:
        return pq.read_table(pa.BufferReader(content), columns=list(columns))
    except (pa.ArrowException, OSError) as error:
        raise DamagedError(f"{path}: {str(error).partition(chr(10))[0][:200]}") from error


def unpacked(content: bytes, path: str) -> int:
    """How many bytes a file takes when it is no longer compressed. Raises `DamagedError`."""
    verify(path, content)
    try:
        found = pq.read_metadata(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise DamagedError(f"{path}: {str(error).partition(chr(10))[0][:200]}") from error
    return sum(int(found.row_group(number).total_byte_size) for number in range(found.num_row_groups))


def pbx_of(table: Any) -> str:
    """The PBX that a file is of."""
    return str((table.schema.metadata or {}).get(PBX, b"").decode())


def decoded(content: bytes, path: str) -> list[Row]:
    """The rows of a file. Raises `DamagedError`."""
    table = table_of(content, path, NEEDED)
    codec = Codec(trusted=True)
    rows = []
    for raw, log, offset in zip(*(table[name].to_pylist() for name in ("event", "log", "offset")), strict=True):
        event = codec.decode(raw.encode())[0]
        if isinstance(event, Rejected):
            raise DamagedError(f"{path}: an event that cannot be read: {event.reason}")
        rows.append(Row(event, raw.encode(), log, offset))
    return rows
