"""Puts files of one day together by columns, without looking into events: a day may have millions of them."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # it ships no types

from detector.contract.codec import MICROSECOND
from streams.archive.archive_errors import DamagedError
from streams.archive.layout import AHEAD, LATE
from streams.archive.parquet_rows import TYPES, file_of, table_of

KEYS = ["id", "revision", "log", "offset", "at", "received_at"]
AT_ONCE = 50_000


def merged(contents: Mapping[str, bytes]) -> tuple[bytes, int, int]:
    """One file of several, by path, as `rows.distinct` would have it; how many rows were there, and how many are left.

    Raises `DamagedError`.
    """
    tables = [table_of(content, path, list(TYPES)) for path, content in contents.items()]
    try:
        whole = pa.concat_tables(tables)
        tables.clear()
        kept = in_order(distinct(numbered(whole.select(KEYS), "row")))
        pieces = (whole.take(kept.slice(first, AT_ONCE)) for first in range(0, len(kept), AT_ONCE))
        return file_of(pieces, whole.schema), whole.num_rows, len(kept)
    except pa.ArrowException as error:
        first = next(iter(contents))
        raise DamagedError(f"{first} and others cannot be put together: {error}"[:300]) from error


def distinct(keys: Any) -> Any:
    """Of each id and revision only what came first."""
    came = numbered(keys.sort_by([(name, "ascending") for name in ("log", "offset", "row")]), "rank")
    return came.take(came.group_by(["id", "revision"]).aggregate([("rank", "min")])["rank_min"])


def in_order(keys: Any) -> Any:
    """The numbers of rows, ordered as `rows.Row.order` says."""
    delay = pc.subtract(keys["received_at"].cast(pa.int64()), keys["at"].cast(pa.int64()))
    odd = pc.or_(pc.less(delay, -AHEAD // MICROSECOND), pc.greater(delay, LATE // MICROSECOND))
    happened = pc.if_else(pc.fill_null(odd, False), keys["received_at"], keys["at"])
    order = [(name, "ascending") for name in ("happened", "log", "offset", "row")]
    return keys.append_column("happened", happened).sort_by(order)["row"]


def numbered(table: Any, name: str) -> Any:
    """With a column that counts rows."""
    return table.append_column(name, pa.array(range(table.num_rows), pa.int64()))
