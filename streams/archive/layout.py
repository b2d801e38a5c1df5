"""Where an event lies: a folder for its PBX, in it one for its UTC day, in it parts that are written once."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, unquote

from msgspec import Struct

from detector.contract.codec import from_micros, to_micros
from detector.contract.events import AnyEvent, Unknown
from streams.archive.archive_errors import DamagedError
from streams.archive.archive_files import Files

PBX, DAY, SUFFIX = "pbx=", "day=", ".parquet"
WHOLE = "day-"
LONGEST = 200
AHEAD = timedelta(minutes=1)
LATE = timedelta(days=400)


class Folder(Struct, frozen=True, order=True):
    """All of one PBX on one day; `key` names the PBX as `key_of` does."""

    key: str
    day: date

    @property
    def pbx(self) -> str:
        """The PBX's name; cut where it is a very long one."""
        return unquote(self.key)

    @property
    def path(self) -> str:
        """Relative to the archive, as Hive partitions are named."""
        return f"{PBX}{self.key}/{DAY}{self.day.isoformat()}"


def key_of(pbx: str) -> str:
    """A PBX's name as part of a path: percent-encoded; a very long one is cut, and told apart by its hash."""
    quoted = quote(pbx, safe="").replace("~", "%7E")  # nobody can choose the name that a cut one gets
    if len(quoted) <= LONGEST:
        return quoted
    start = re.sub("%.?$", "", quoted[: LONGEST // 2])
    return f"{start}~{sha256(pbx.encode()).hexdigest()}"


def happened(event: AnyEvent | Unknown) -> datetime:
    """When an event happened: at `at`, or when it came, if it says to be of later, or of more than 400 days before.

    The engine bounds clocks that run ahead the same way. So a PBX cannot make a file of every day of 9,999 years.
    """
    if event.received_at is None or -AHEAD <= event.received_at - event.at <= LATE:
        return event.at
    return event.received_at


def day_of(at: datetime) -> date:
    """The UTC day of a moment."""
    return from_micros(to_micros(at)).date()


def written_part(log: str, first: int, last: int, content: bytes) -> str:
    """The name of what a writer made of offsets `first` to `last` of its log: the same again after a crash."""
    return f"part-{log}-{first:016d}-{last:016d}-{digest(content)}{SUFFIX}"


def whole_day(content: bytes) -> str:
    """The name of a day's only part."""
    return f"{WHOLE}{digest(content)}{SUFFIX}"


def rewritten(paths: Iterable[str]) -> set[str]:
    """Those parts that were made of others."""
    return {path for path in paths if path.rpartition("/")[2].startswith(WHOLE)}


def digest(content: bytes) -> str:
    """The SHA-256 of a file's content, cut to 128 bits; every part's name ends in it."""
    return sha256(content).hexdigest()[:32]


def verify(path: str, content: bytes) -> None:
    """Raises `DamagedError` unless a part holds what was written into it."""
    if not path.endswith(f"-{digest(content)}{SUFFIX}"):
        raise DamagedError(f"{path}: damaged, its content is not what was written")


def folders(files: Files, pbx: str | None = None, since: date = date.min, until: date = date.max) -> Iterator[Folder]:
    """The days of all PBXs, or of one, from `since` to `until`, both included, in order."""
    keys = [key_of(pbx)] if pbx is not None else keys_of(files)
    for key in keys:
        for name in files.folders(f"{PBX}{key}"):
            try:
                day = date.fromisoformat(name.removeprefix(DAY))
            except ValueError:
                continue
            if since <= day <= until:
                yield Folder(key, day)


def keys_of(files: Files) -> list[str]:
    """The PBXs that are in the archive."""
    return [name.removeprefix(PBX) for name in files.folders() if name.startswith(PBX)]


def parts(files: Files, folder: Folder) -> list[str]:
    """The paths of a day's finished parts, in order."""
    return [f"{folder.path}/{name}" for name in files.names(folder.path) if finished(name)]


def finished(name: str) -> bool:
    """Whether a file holds events; others are left-overs of a crash, or not ours."""
    return name.endswith(SUFFIX) and not name.startswith(".")
