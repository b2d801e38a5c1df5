"""Keeps records on disk while no broker takes them: bounded, in order, and safe against a crash at any byte."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import Struct as Layout
from zlib import crc32

import structlog
from msgspec import Struct

HEAD = Layout(">4sIIHB")
MAGIC = b"RFs1"
SEGMENT = 4 * 1024 * 1024
SUFFIX = ".spool"
DAMAGED = ".damaged"

log = structlog.get_logger(__name__)


class SpoolError(RuntimeError):
    """The spool's folder cannot be used."""


class SpoolFullError(RuntimeError):
    """There is no room; nothing was kept."""


class Entry(Struct, frozen=True):
    """One record: its key, its value, and whether it goes out under our seal."""

    key: bytes
    value: bytes
    sealed: bool = False


class Spool:
    """Records in lanes, each a queue of append-only segments of about 4 MiB; one process at a time, one thread.

    `append` returns when its records survive a loss of power. `first` reads the oldest segment of a lane, `drop`
    forgets it once the brokers have it: a crash between the two sends at most that one again. A torn end is what
    `append` never confirmed; a segment with unreadable bytes is set aside as `.damaged`, never deleted. `limit` is in
    bytes; `partitions` are those of the topic: lanes are meaningless with another number.
    """

    def __init__(self, folder: Path, partitions: int, limit: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._limit = limit
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._own(partitions)
        except BaseException:
            os.close(self._lock)
            raise
        self._writers: dict[str, int] = {}
        self._damaged: set[Path] = set()
        self._segments: dict[str, list[Path]] = {}
        found = sorted(folder.glob(f"*{SUFFIX}"), key=number)
        for path in found:
            self._segments.setdefault(lane_of(path), []).append(path)
        self._next = number(found[-1]) + 1 if found else 1
        self.size = sum(path.stat().st_size for path in found)

    def close(self) -> None:
        """Let another process have the folder."""
        for descriptor in self._writers.values():
            os.close(descriptor)
        self._writers.clear()
        os.close(self._lock)

    def lanes(self) -> list[str]:
        """The lanes that hold something."""
        return sorted(self._segments)

    def append(self, lane: str, entries: Sequence[Entry], *, moved: bool = False) -> None:
        """Keep records behind those of the lane. Raises `SpoolFullError` or OSError; then none of them is kept.

        Those `moved` from another lane, which has them until they are here, may go beyond the limit.
        """
        data = b"".join(encoded(entry) for entry in entries)
        if self.size + len(data) > self._limit and not moved:
            raise SpoolFullError(f"the spool {self._folder} is full")
        descriptor = self._writer(lane)
        before = os.fstat(descriptor).st_size
        try:
            write(descriptor, data)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, before)
            raise
        self.size += len(data)
        if before + len(data) >= SEGMENT:
            self.seal(lane)

    def seal(self, lane: str) -> None:
        """End the lane's newest segment; what comes now goes into the next."""
        if lane in self._writers:
            os.close(self._writers.pop(lane))

    def first(self, lane: str) -> list[Entry]:
        """The records of the lane's oldest segment, nothing if the lane is empty; what comes now goes behind it."""
        while segments := self._segments.get(lane):
            if len(segments) == 1:
                self.seal(lane)
            data = segments[0].read_bytes()
            entries, read = decoded(data)
            if read < len(data):
                self._damaged.add(segments[0])
                log.error("part of the spool cannot be read", file=segments[0].name, bytes=len(data) - read)
            if entries:
                return entries
            self.drop(lane)
        return []

    def drop(self, lane: str) -> None:
        """Forget the oldest segment, which `first` has read or `seal` has ended."""
        path = self._segments[lane].pop(0)
        if not self._segments[lane]:
            del self._segments[lane]
        self.size -= path.stat().st_size
        if path in self._damaged:
            self._damaged.discard(path)
            path.rename(path.with_suffix(DAMAGED))
        else:
            path.unlink()

    def _writer(self, lane: str) -> int:
        descriptor = self._writers.get(lane)
        if descriptor is None:
            path = self._folder / f"{lane}-{self._next:012}{SUFFIX}"
            self._next += 1
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            self._sync_folder()
            self._writers[lane] = descriptor
            self._segments.setdefault(lane, []).append(path)
        return descriptor

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _own(self, partitions: int) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SpoolError(f"the spool {self._folder} is in use by another ringfence: give each a --name") from None
        made_for = os.pread(self._lock, 16, 0).decode("ascii", "replace").strip()
        if made_for not in ("", str(partitions)) and any(self._folder.glob(f"*{SUFFIX}")):
            raise SpoolError(
                f"the spool {self._folder} holds records for {made_for} partitions, not {partitions}: "
                "let it run empty with the old number first"
            )
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(partitions).encode(), 0)


def write(descriptor: int, data: bytes) -> None:
    """All of it."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def encoded(entry: Entry) -> bytes:
    """Head, key and value; the checksum covers all but itself."""
    body = entry.key + entry.value
    sizes = (len(entry.value), len(entry.key), int(entry.sealed))
    return HEAD.pack(MAGIC, checksum(body, *sizes), *sizes) + body


def decoded(data: bytes) -> tuple[list[Entry], int]:
    """The records at the beginning of `data`, and how many bytes they take."""
    entries = list(readable(data))
    return entries, sum(HEAD.size + len(entry.key) + len(entry.value) for entry in entries)


def readable(data: bytes) -> Iterator[Entry]:
    """Records up to the first that is torn or damaged."""
    at = 0
    while at + HEAD.size <= len(data):
        magic, kept, *sizes = HEAD.unpack_from(data, at)
        begin, (value, key, sealed) = at + HEAD.size, sizes
        at = begin + key + value
        if magic != MAGIC or at > len(data) or kept != checksum(data[begin:at], *sizes):
            return
        yield Entry(data[begin : begin + key], data[begin + key : at], bool(sealed))


def checksum(body: bytes, *sizes: int) -> int:
    """CRC-32 of a record."""
    return crc32(body, crc32(repr(sizes).encode()))


def lane_of(path: Path) -> str:
    """The lane a segment belongs to."""
    return path.stem.rpartition("-")[0]


def number(path: Path) -> int:
    """A segment's place in the order of all."""
    digits = path.stem.rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0
