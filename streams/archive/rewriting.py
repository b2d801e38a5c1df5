"""Rewrites days of an archive: many small parts into one, a person's data out, what is too old away."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from secrets import token_hex

from msgspec import Struct

from streams.archive.errors import BusyError
from streams.archive.files import UNFINISHED, Files
from streams.archive.layout import Folder, finished, parts, whole_day
from streams.archive.rows import Row, decoded, distinct, encoded
from streams.archive.store import Archive
from streams.clock import utc_now

LOCK = "_rewriting"
FORGOTTEN = timedelta(hours=1)

Change = Callable[[Sequence[Row]], Sequence[Row]]


class Rewritten(Struct, frozen=True, kw_only=True):
    """What became of a day: files and rows before and after; a row that stood there twice counts twice before."""

    folder: Folder
    files: int
    rows: int
    files_left: int
    rows_left: int


@contextmanager
def alone(files: Files) -> Iterator[Callable[[], None]]:
    """Nobody else rewrites this archive meanwhile; writers go on writing. Raises `BusyError`.

    Call what it yields before each day: a lock that was not renewed for an hour is taken over, since its owner has
    crashed.
    """
    ours = token_hex(16).encode()
    take(files, ours)

    def renew() -> None:
        try:
            held = files.read(LOCK) == ours
        except FileNotFoundError:
            held = False
        if not held:
            raise BusyError(f"archive {files.url}: another process has taken over")
        files.write(LOCK, ours)

    try:
        yield renew
    finally:
        if LOCK in files.names("") and files.read(LOCK) == ours:
            files.remove(LOCK)


def take(files: Files, ours: bytes) -> None:
    """Make the lock ours."""
    try:
        files.create(LOCK, ours)
    except FileExistsError:
        since = files.modified(LOCK)
        if utc_now() - since < FORGOTTEN:
            shown = since.astimezone(UTC).strftime("%H:%M UTC")
            raise BusyError(
                f"archive {files.url}: another process rewrites it since {shown}; if it has crashed, remove {LOCK}"
            ) from None
        files.remove(LOCK)
        files.create(LOCK, ours)


def rewrite(archive: Archive, folder: Folder, change: Change) -> Rewritten:
    """Make of a day's parts one with what `change` leaves. Only parts that were read are removed.

    A crash on the way leaves rows twice, never lost: the new part is written before the old ones go.
    """
    old = parts(archive.files, folder)
    before = [row for path in old for row in decoded(archive.files.read(path), path)]
    after = change(distinct(before))
    new = None
    if after:
        content = encoded(after)
        new = f"{folder.path}/{whole_day(content)}"
        archive.files.write(new, content)
    for path in old:
        if path != new:
            archive.files.remove(path)
    return Rewritten(
        folder=folder, files=len(old), rows=len(before), files_left=int(new is not None), rows_left=len(after)
    )


def compact(archive: Archive, folder: Folder) -> Rewritten | None:
    """Put a day's parts together and remove what crashes left over; None where there is one part only.

    Raises `DamagedError`, and leaves the day as it is.
    """
    sweep(archive.files, folder)
    return rewrite(archive, folder, lambda rows: rows) if len(parts(archive.files, folder)) > 1 else None


def sweep(files: Files, folder: Folder) -> None:
    """Remove files that a crash has left unfinished."""
    for name in files.names(folder.path):
        path = f"{folder.path}/{name}"
        if name.endswith(UNFINISHED) and utc_now() - files.modified(path) > FORGOTTEN:
            files.remove(path)


def expire(archive: Archive, folder: Folder) -> int:
    """Remove a day as it is, unread; returns how many files it had."""
    gone = [f"{folder.path}/{name}" for name in archive.files.names(folder.path)]
    for path in gone:
        archive.files.remove(path)
    archive.files.remove_empty(folder.path)
    return sum(finished(path.rpartition("/")[2]) for path in gone)


def expired(files: Files, folder: Folder, keep: timedelta, now: datetime) -> bool:
    """Whether all of a day is older than `keep`; of one that is still to come, all of its files."""
    oldest = (now - keep).date()
    if not to_come(folder, now.date()):
        return folder.day < oldest
    return all(files.modified(path).date() < oldest for path in parts(files, folder))


def settled(days: Sequence[Folder], today: date) -> list[Folder]:
    """Days that are over, and those that a wrong clock has invented: the current one is still being written."""
    return [folder for folder in days if folder.day < today or to_come(folder, today)]


def to_come(folder: Folder, today: date) -> bool:
    """Whether a day cannot have begun anywhere."""
    return folder.day - today > timedelta(days=1)
