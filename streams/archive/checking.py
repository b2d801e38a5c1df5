"""Checks an archive: every file readable, as it was written, and in its place."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from streams.archive.errors import DamagedError
from streams.archive.layout import Folder, day_of, finished, key_of
from streams.archive.rows import Row, decoded
from streams.archive.store import Archive


class Checked(Struct, frozen=True, kw_only=True):
    """One day: finished files, rows with those that stand there twice, bytes, what is wrong."""

    folder: Folder
    files: int
    rows: int
    twice: int
    bytes: int
    problems: tuple[str, ...]
    unfinished: int


def check(archive: Archive, days: Sequence[Folder]) -> Iterator[Checked]:
    """Read each day, all of it."""
    for folder in days:
        names = archive.files.names(folder.path)
        problems, rows, size = list[str](), list[Row](), 0
        for path in (f"{folder.path}/{name}" for name in names if finished(name)):
            try:
                content = archive.files.read(path)
                found = decoded(content, path)
            except FileNotFoundError:  # put together with others since we looked
                continue
            except DamagedError as error:
                problems.append(str(error))
                continue
            problems += misplaced(found, folder, path)
            rows += found
            size += len(content)
        yield Checked(
            folder=folder, files=sum(map(finished, names)), rows=len(rows), bytes=size, problems=tuple(problems),
            twice=len(rows) - len({(row.event.id, row.event.revision) for row in rows}),
            unfinished=sum(not finished(name) for name in names),
        )  # fmt: skip


def misplaced(rows: Sequence[Row], folder: Folder, path: str) -> Iterator[str]:
    """What does not belong where it lies."""
    strangers = sum(key_of(row.event.pbx) != folder.key or day_of(row.event.at) != folder.day for row in rows)
    if strangers:
        yield f"{path}: {strangers} rows belong to another PBX or day"
