"""Files, or standard input, of any format we read, as contract events with a place to blame."""

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from gzip import BadGzipFile, GzipFile
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Unknown
from detector.formats import Format, FormatOptions, formats
from detector.formats.events_jsonl import EventsJsonl
from detector.formats.own_network import Network
from detector.formats.parties import Parties
from detector.formats.unread import UnreadLines
from streams.sources.braiding import braid

STDIN = "-"
GZIP = b"\x1f\x8b"
DAMAGED = (EOFError, zlib.error, BadGzipFile)
A_DAY = timedelta(days=1)
BEGINNING = datetime.min.replace(tzinfo=UTC)


class Unreadable(Struct, frozen=True, kw_only=True):
    """A line nobody could read, as it goes to the dead-letter file."""

    file: str
    line: int
    reason: str
    field: str
    excerpt: str


class Options(Struct, frozen=True, kw_only=True):
    """What the records of a format lack: the PBX, its zone, the year of the first line, its trunks."""

    format: str
    pbx: str
    zone: ZoneInfo
    year: int | None
    keyed_hash: Callable[[str], str]
    parties: Parties = Parties()
    network: Network = Network()
    region: str = ""


class Line(NamedTuple):
    """One line of a file, and when it was written, as far as its file tells."""

    name: str
    number: int
    content: bytes
    moment: datetime | None


class Inputs:
    """Reads files, several as one in the order of time; counts what cannot be used and hands it to `bury`.

    `advanced` is told the bytes read, for a progress bar. What gzip packed is unpacked. `ignored` counts lines that
    are none of our business, `unread` those that should have been read, `unknown` the kinds, fields and values of newer
    producers (`events` only); all are complete once a file was read to its end.
    """

    def __init__(
        self, options: Options, bury: Callable[[Unreadable], None], advanced: Callable[[int], None] = lambda _: None
    ) -> None:
        self._options = options
        self._format = formats()[options.format]
        self._bury = bury
        self._advanced = advanced
        self.rejected = 0
        self.ignored = 0
        self.unread = UnreadLines()
        self.assumed: dict[str, None] = {}
        self.unknown = 0

    def events(self, names: Iterable[str]) -> Iterator[AnyEvent | Unknown]:
        """All events of all files: of one in its own order, of several by time. Raises OSError, its `filename` set.

        Logs of one PBX are read as one, line by line, for one file may tell of what another tells more of; of other
        files the events are put in order.
        """
        files = list(names)
        if len(files) == 1:
            yield from self._file(files[0])
        elif self._format.by_line:
            yield from self._lines_of_all(files)
        else:
            strands = [partial(self._dated_events, name) for name in files]
            yield from braid(strands, self._begins(files))

    def _file(self, name: str) -> Iterator[AnyEvent | Unknown]:
        reader, number = self._reader(self._year_of(name)), 0
        read, advanced = reader.read, self._advanced
        with naming(name), open_file(name) as opened:
            try:
                for number, line in enumerate(lines(unpacked(opened), reader.max_line), 1):
                    advanced(len(line))
                    for record in read(line):
                        if isinstance(record, Rejected):
                            self._reject(record, name, number)
                        else:
                            yield record
            except DAMAGED as error:
                self._lose(error, name, number + 1)
        yield from self._closed(reader, name, number)

    def _lines_of_all(self, names: Sequence[str]) -> Iterator[AnyEvent | Unknown]:
        strands = [partial(self._dated_lines, name) for name in names]
        reader, last = self._reader(self._options.year), Line(names[0], 0, b"", None)
        for last in braid(strands, self._begins(names)):
            yield from self._sorted(reader.read_dated(last.content, last.moment), last.name, last.number)
        yield from self._closed(reader, last.name, last.number)

    def _dated_events(self, name: str) -> Iterator[tuple[datetime, AnyEvent | Unknown]]:
        for event in self._file(name):
            yield event.at, event

    def _dated_lines(self, name: str) -> Iterator[tuple[datetime | None, Line]]:
        clock = self._reader(self._year_of(name))
        for number, line in self._lines(name):
            moment = clock.time_of(line)
            yield moment, Line(name, number, line, moment)

    def _begins(self, names: Sequence[str]) -> list[datetime]:
        """When each file begins: a pipe is opened at once, and one that tells no time after the one named before it."""
        begins: list[datetime] = []
        for name in names:
            path = Path(name)
            found = self._first_time(path, self._year_of(name)) if name != STDIN and path.is_file() else BEGINNING
            begins.append(found or (begins[-1] if begins else BEGINNING))
        return begins

    def _first_time(self, path: Path, year: int | None) -> datetime | None:
        """The first time that a file tells."""
        probe = Inputs(replace(self._options, year=year), bury=lambda _: None)
        if self._format.by_line:
            clock = probe._reader(year)
            return next((moment for _, line in probe._lines(str(path)) if (moment := clock.time_of(line))), None)
        first = next(probe.events([str(path)]), None)
        return None if first is None else first.at

    def _year_of(self, name: str) -> int | None:
        """The year of the first line of a file, which was last written at its end; None for a pipe."""
        path = Path(name)
        if self._options.year is not None or name == STDIN or not path.is_file():
            return self._options.year
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        first = self._first_time(path, written.year)
        return written.year - 1 if first is not None and first > written + A_DAY else written.year

    def _reader(self, year: int | None) -> Format:
        options = self._options
        return self._format(FormatOptions(
            pbx=options.pbx, zone=options.zone, year=year, keyed_hash=options.keyed_hash, parties=options.parties,
            region=options.region, network=options.network,
        ))  # fmt: skip

    def _lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        """The lines of a file with their numbers."""
        number = 0
        with naming(name), open_file(name) as opened:
            try:
                for number, line in enumerate(lines(unpacked(opened), self._format.max_line), 1):
                    self._advanced(len(line))
                    yield number, line
            except DAMAGED as error:
                self._lose(error, name, number + 1)

    def _lose(self, error: Exception, name: str, number: int) -> None:
        """The rest of a file from this line on cannot be unpacked."""
        self._reject(Rejected(reason=f"damaged gzip file, what follows is lost: {error}"), name, number)

    def _closed(self, reader: Format, name: str, number: int) -> Iterator[AnyEvent | Unknown]:
        """What a reader held back, and what it counted."""
        yield from self._sorted(reader.close(), name, number)
        self.ignored += reader.ignored
        self.unread.add(reader.unread)
        self.assumed |= reader.assumed
        if isinstance(reader, EventsJsonl):
            self.unknown += reader.codec.unknown.total()

    def _sorted(
        self, records: Iterable[AnyEvent | Unknown | Rejected], name: str, number: int
    ) -> Iterator[AnyEvent | Unknown]:
        for record in records:
            if isinstance(record, Rejected):
                self._reject(record, name, number)
            else:
                yield record

    def _reject(self, record: Rejected, name: str, number: int) -> None:
        self.rejected += 1
        file = "standard input" if name == STDIN else name
        self._bury(Unreadable(
            file=file, line=number, reason=record.reason, field=record.field, excerpt=record.excerpt
        ))  # fmt: skip


@contextmanager
def open_file(name: str) -> Iterator[BinaryIO]:
    """A file, or standard input, which stays open."""
    if name == STDIN:
        yield sys.stdin.buffer
    else:
        with Path(name).open("rb") as opened:
            yield opened


def unpacked(opened: BinaryIO) -> BinaryIO | GzipFile:
    """What gzip packed, else the file itself."""
    packed = isinstance(opened, BufferedReader) and opened.peek(2)[:2] == GZIP
    return GzipFile(fileobj=opened) if packed else opened


def lines(opened: BinaryIO | GzipFile, longest: int) -> Iterator[bytes]:
    """Lines of a file; one beyond `longest` comes cut to just above it, the rest of it is skipped."""
    limit = longest + 2
    while line := opened.readline(limit):
        if len(line) == limit and not line.endswith(b"\n"):
            while (rest := opened.readline(limit)) and not rest.endswith(b"\n"):
                pass
        yield line


class Cemetery:
    """The dead-letter file: JSON lines, made when the first one comes. Raises OSError, its `filename` set."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first: Unreadable | None = None
        self._opened: BinaryIO | None = None

    def bury(self, letter: Unreadable) -> None:
        """Append one letter."""
        with naming(self.path):
            if self._opened is None:
                self._opened = self.path.open("wb")
                self.first = letter
            self._opened.write(msgspec.json.encode(letter) + b"\n")

    def close(self) -> None:
        """Close the file, if there is one."""
        with naming(self.path):
            if self._opened is not None:
                self._opened.close()


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """An OSError from here says which file it is about; not every one does by itself."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
