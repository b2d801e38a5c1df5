"""Checks an archive: every file readable, as it was written, and in its place."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from streams.archive.archive_errors import DamagedError
from streams.archive.layout import Folder, day_of, finished, happened, key_of
from streams.archive.parquet_rows import Row, decoded
from streams.archive.store import Archive


class Checked(Struct, frozen=True, kw_only=True):
    """One day: finished files, rows with those that stand there twice, what is wrong."""

    files: int
    rows: int
    twice: int
    problems: tuple[str, ...]
    unfinished: int


def check(archive: Archive, folder: Folder) -> Checked:
    """Read all of a day."""
    names = archive.files.names(folder.path)
    problems, rows = list[str](), list[Row]()
    for path in (f"{folder.path}/{name}" for name in names if finished(name)):
        try:
            found = decoded(archive.files.read(path), path)
        except FileNotFoundError:  # put together with others since we looked
            continue
        except DamagedError as error:
            problems.append(str(error))
            continue
        problems += misplaced(found, folder, path)
        rows += found
    return Checked(
        files=sum(map(finished, names)), rows=len(rows), problems=tuple(problems),
        twice=len(rows) - len({(row.event.id, row.event.revision) for row in rows}),
        unfinished=sum(not finished(name) for name in names),
    )  # fmt: skip


def misplaced(rows: Sequence[Row], folder: Folder, path: str) -> Iterator[str]:
    """What does not belong where it lies."""
    strangers = sum(key_of(row.event.pbx) != folder.key or day_of(happened(row.event)) != folder.day for row in rows)
    if strangers:
        yield f"{path}: {strangers} rows belong to another PBX or day"
