"""Reads an archive: events one after another, or a pandas frame for notebooks."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from detector.contract.events import AnyEvent, Unknown
from streams.archive.layout import AHEAD, LATE, Folder, happened
from streams.archive.parquet_rows import TYPES, pbx_of, table_of
from streams.archive.store import Archive

if TYPE_CHECKING:  # the service does without pandas
    import pandas as pd  # type: ignore[import-untyped]  # it ships no types

SHOWN = [name for name in TYPES if name != "event"]


def read(
    archive: Archive | str, *, pbxs: Sequence[str] = (), since: datetime | None = None, until: datetime | None = None
) -> Iterator[AnyEvent | Unknown]:
    """Events PBX by PBX, each in the order in which they happened, from `since` until before `until`, none twice.

    `pbxs` none is all. One day of one PBX is in memory at a time. Raises `DamagedError`.
    """
    opened = Archive(archive) if isinstance(archive, str) else archive
    for folder in wanted(opened, pbxs, since, until):
        yield from events_of(opened, folder, since, until)


def events_of(
    archive: Archive, folder: Folder, since: datetime | None, until: datetime | None
) -> Iterator[AnyEvent | Unknown]:
    """Those of one day."""
    for row in archive.rows(folder):
        at = happened(row.event)
        if (since is None or since <= at) and (until is None or at < until):
            yield row.event


def frame(
    archive: Archive | str,
    *,
    pbxs: Sequence[str] = (),
    kinds: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> "pd.DataFrame":
    """One row an event, in the order of `read`; columns `pbx` and those of `rows.TYPES` without the JSON.

    `pbxs` and `kinds` none are all. Raises `DamagedError`.
    """
    opened = Archive(archive) if isinstance(archive, str) else archive
    tables = [
        with_pbx(table_of(content, path, SHOWN))
        for folder in wanted(opened, pbxs, since, until)
        for path, content in opened.contents(folder).items()
    ]
    events = pa.concat_tables(tables or [empty()]).to_pandas()
    events = events.sort_values(["log", "offset"], kind="stable").drop_duplicates(["pbx", "id", "revision"])
    events = events.assign(happened=when(events))
    if since is not None:
        events = events[events["happened"] >= since]
    if until is not None:
        events = events[events["happened"] < until]
    if kinds:
        events = events[events["kind"].isin(kinds)]
    events = events.sort_values(["pbx", "happened", "log", "offset"], kind="stable")
    return events.drop(columns="happened").reset_index(drop=True)


def when(events: "pd.DataFrame") -> "pd.Series":
    """When they happened, as `happened` says of one."""
    delay = events["received_at"] - events["at"]
    return events["at"].where(events["received_at"].isna() | delay.between(-AHEAD, LATE), events["received_at"])


def wanted(archive: Archive, pbxs: Sequence[str], since: datetime | None, until: datetime | None) -> Iterator[Folder]:
    """The days of these PBXs, or of all."""
    for pbx in pbxs or (None,):
        yield from archive.days(pbx, since, until)


def empty() -> Any:
    """A table of no events."""
    return pa.schema({"pbx": pa.string(), **{name: TYPES[name] for name in SHOWN}}).empty_table()


def with_pbx(table: Any) -> Any:
    """The table with a first column that names the PBX, which otherwise only the path does."""
    return table.add_column(0, "pbx", pa.array([pbx_of(table)] * table.num_rows, pa.string()))
