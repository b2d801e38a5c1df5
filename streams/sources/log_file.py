"""One file that a log was or is written to, read line by line as it grows."""

import os
import stat
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from gzip import BadGzipFile, GzipFile
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from detector.contract.codec import from_micros
from detector.formats import Format
from streams.sources.file_place import COMPARED, FilePlace, behind, holds

CHUNK = 256 * 1024
CONTEXT = 4 * 1024 * 1024
"""So much before what is new is read again, for what its reader must remember: calls that are up, dialogues."""
GZIP = b"\x1f\x8b"
DAMAGED = (EOFError, zlib.error, BadGzipFile)
A_DAY = timedelta(days=1)

Clock = Callable[[int], Format]
"""A reader that is asked for the times of lines alone, the first of which is of this year."""


class LogLine(NamedTuple):
    """A line of a file, when it was written as far as it tells, and the place behind it: see `LogFile.taken`."""

    file: "LogFile"
    place: FilePlace
    moment: datetime | None
    content: bytes


class NoLogError(OSError):
    """What stands there is no file that can be followed."""


class LogFile:
    """Gives complete lines, each once; `taken` is behind the last one that was taken in, which its taker sets.

    `retired` is since when, by a clock of seconds, nothing new is expected of it: another file stands in its stead.
    `cut`: what was taken is no longer in it, it was emptied, and may have been written to since. `rested`: all of it
    was given, to what nobody ended.
    """

    def __init__(self, file: FileIO, followed: str, longest: int, clock: Clock | None, *, packed: bool) -> None:
        found = os.fstat(file.fileno())
        self.taken = self._place = FilePlace(
            path=followed, device=found.st_dev, inode=found.st_ino, since=found.st_mtime_ns
        )  # fmt: skip
        self.retired: float | None = None
        self.cut = False
        self._file = file
        self._stream: FileIO | GzipFile = GzipFile(fileobj=file) if packed else file
        self.packed = packed
        self.rested = False
        self._limit = longest + 2
        self._clock = clock
        self._told: Format | None = None
        self._read_to = 0
        self._line = b""
        self._length = 0

    def go_to(self, place: FilePlace) -> None:
        """Go on behind this place."""
        mine = self.taken
        self.taken = self._place = replace(place, path=mine.path, device=mine.device, inode=mine.inode)
        self.rested = place.ended
        self._read_from(place.offset)

    def go_to_end(self) -> None:
        """Go on behind the last complete line that is there."""
        for line in self._before(self.size()):
            self.taken = line.place
        self.go_to(self.taken)

    def context(self) -> Iterator[LogLine]:
        """The lines before those that are new, once more."""
        yield from self._before(self.taken.offset)
        self.go_to(self.taken)

    def _before(self, end: int) -> Iterator[LogLine]:
        self._place = replace(self.taken, offset=max(0, end - CONTEXT))
        self._read_from(self._place.offset)
        whole = self._read_to == 0
        while self._read_to < end:
            for content in self._split(self._more(min(CHUNK, end - self._read_to))):
                if whole:
                    yield LogLine(self, self._place, self._time_of(content), content)
                whole = True

    def lines(self) -> Iterator[LogLine]:
        """What is new; half a line waits for its end."""
        while True:
            chunk = self._more(CHUNK)
            self.cut = self._is_cut()
            if self.cut:
                self._read_from(self._place.offset)
            if self.cut or not chunk:
                return
            for content in self._split(chunk):
                yield LogLine(self, self._place, self._time_of(content), content)

    def rest(self) -> Iterator[LogLine]:
        """A last line that nobody ended."""
        self.rested = True
        self.taken = replace(self.taken, ended=True)
        if self._length:
            content, length = self._line, self._length
            self._line, self._length = b"", 0
            begins = self._place.offset
            self._place = behind(self._place, content, begins, begins + length)
            yield LogLine(self, self._place, self._time_of(content), content)

    def size(self) -> int:
        """Bytes in it."""
        return os.fstat(self._file.fileno()).st_size

    def changed_at(self) -> int:
        """When it was last written, in nanoseconds."""
        return os.fstat(self._file.fileno()).st_mtime_ns

    def untouched(self) -> None:
        """Nothing of it was taken as it is now."""
        self.taken = self._place = replace(self.taken, since=self.changed_at())

    def is_at(self, place: FilePlace) -> bool:
        """Whether it is the very file of this place, and was not emptied since."""
        mine = (self.taken.device, self.taken.inode) == (place.device, place.inode)
        return mine and (self._holds(place) if place.compared else place.offset <= self.size())

    def is_of(self, place: FilePlace) -> bool:
        """Whether it is the file of this place or a copy: the line before it stands where it stood."""
        try:
            return self._holds(place) if place.compared else self.is_at(place)
        except (OSError, EOFError, zlib.error):
            return False

    def begins_as(self, other: "LogFile") -> bool:
        """Whether it is the same file or a copy, by its beginning."""
        return self._head() == other._head() != b""

    def start_over(self) -> None:
        """It was emptied: begin at its beginning."""
        self.cut = False
        self.go_to(FilePlace(path="", device=0, inode=0, since=self.changed_at()))
        self._told = None

    def close(self) -> None:
        """It is needed no more."""
        self._stream.close()
        self._file.close()

    def _is_cut(self) -> bool:
        """Asked when a piece was read and before it is given: then it was read where it seems to have been."""
        if self.packed or not self._place.offset:
            return False
        if self.size() < self._place.offset:
            return True
        return bool(self._place.compared) and not self._holds(self._place)

    def _holds(self, place: FilePlace) -> bool:
        """Whether the line before the place stands there; reading goes on where it was."""
        held = holds(self._stream, place)
        self._stream.seek(self._read_to)
        return held

    def _head(self) -> bytes:
        try:
            self._stream.seek(0)
            return self._stream.read(COMPARED) or b""
        except (EOFError, zlib.error, BadGzipFile):
            return b""
        finally:
            self._stream.seek(self._read_to)

    def _read_from(self, offset: int) -> None:
        self._stream.seek(offset)
        self._read_to, self._line, self._length = offset, b"", 0

    def _more(self, most: int) -> bytes:
        chunk = self._stream.read(most) or b""
        self._read_to += len(chunk)
        return chunk

    def _split(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that end in this chunk; of one beyond the limit the beginning."""
        *ends, begun = chunk.split(b"\n")
        for end in ends:
            self._grow(end)
            line, begins = self._line, self._place.offset
            self._place = behind(self._place, line, begins, begins + self._length + 1)
            self._line, self._length = b"", 0
            yield line
        self._grow(begun)

    def _grow(self, piece: bytes) -> None:
        self._length += len(piece)
        if len(self._line) < self._limit:
            self._line += piece[: self._limit - len(self._line)]

    def _time_of(self, line: bytes) -> datetime | None:
        """When it was written, where lines of several files are put in order; the file's own time tells the year."""
        if self._clock is None:
            return None
        if self._told is None:
            written = from_micros(self.changed_at() // 1_000)
            self._told = self._clock(written.year)
            moment = self._told.time_of(line)
            if moment is not None and moment > written + A_DAY:
                self._told = self._clock(written.year - 1)
        return self._told.time_of(line)


def open_log(path: str | Path, followed: str, longest: int, clock: Clock | None) -> LogFile:
    """The file that stands there, unpacked if gzip packed it. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NoLogError("this is not a file")
    file = FileIO(descriptor)
    packed = file.read(2) == GZIP
    file.seek(0)
    return LogFile(file, followed, longest, clock, packed=packed)
