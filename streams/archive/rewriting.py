"""Rewrites days of an archive: many small parts into one, a person's data out, what is too old away."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from secrets import token_hex

from msgspec import Struct

from streams.archive.archive_errors import BusyError
from streams.archive.archive_files import UNFINISHED, Files
from streams.archive.layout import Folder, finished, parts, rewritten, whole_day
from streams.archive.merging import merged
from streams.archive.parquet_rows import Row, decoded, distinct, encoded, unpacked
from streams.archive.store import Archive
from streams.runtime.clock import utc_now

LOCK = "_rewriting"
MANY = 2
TOGETHER = 256 * 1024 * 1024
FORGOTTEN = timedelta(hours=1)

Change = Callable[[Sequence[Row]], Sequence[Row]]


class Rewritten(Struct, frozen=True, kw_only=True):
    """What became of a day: files before, rows before and after; a row that stood there twice counts twice before."""

    folder: Folder
    files: int
    rows: int
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
    replace(archive.files, folder, old, encoded(after) if after else None)
    return Rewritten(folder=folder, files=len(old), rows=len(before), rows_left=len(after))


def replace(files: Files, folder: Folder, old: Sequence[str], content: bytes | None) -> None:
    """A day's parts by one, or by none."""
    new = f"{folder.path}/{whole_day(content)}" if content is not None else None
    if new is not None and content is not None:
        files.write(new, content)
    for path in old:
        if path != new:
            files.remove(path)


def compact(archive: Archive, folder: Folder) -> Rewritten | None:
    """Put a day's parts together and remove what crashes left over; None where that is done.

    A day has one part then, or a few that are as large as can be handled. Raises `DamagedError`, and leaves what is
    damaged as it is.
    """
    sweep(archive.files, folder)
    old = parts(archive.files, folder)
    if len(old) < MANY or len(rewritten(old)) == len(old):
        return None
    before = after = 0
    for group in groups(archive.files, old):
        if len(group) >= MANY or not rewritten(group):
            content, had, has = merged(group)
            replace(archive.files, folder, list(group), content)
            before, after = before + had, after + has
    return Rewritten(folder=folder, files=len(old), rows=before, rows_left=after)


def groups(files: Files, paths: Sequence[str]) -> Iterator[dict[str, bytes]]:
    """Files by path, as many at once as fit into memory unpacked."""
    group, size = dict[str, bytes](), 0
    for path in paths:
        content = files.read(path)
        more = unpacked(content, path)
        if group and size + more > TOGETHER:
            yield group
            group, size = {}, 0
        group[path] = content
        size += more
    yield group


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
