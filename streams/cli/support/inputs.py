"""Files, or standard input, of any format we read, as contract events with a place to blame."""

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from gzip import BadGzipFile, GzipFile
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Unknown
from detector.formats import Format, FormatOptions, formats
from detector.formats.events_jsonl import EventsJsonl
from detector.formats.parties import Parties
from detector.formats.unread import UnreadLines

STDIN = "-"
GZIP = b"\x1f\x8b"
DAMAGED = (EOFError, zlib.error, BadGzipFile)
A_DAY = timedelta(days=1)


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
    region: str = ""


class Inputs:
    """Reads files one after another; counts what cannot be used and hands it to `bury`.

    `advanced` is told the bytes read, for a progress bar. What gzip packed is unpacked. `ignored` counts lines that
    are none of our business, `unread` those that should have been read, `unknown` the kinds, fields and values of newer
    producers (`events` only); all are complete once a file was read to its end.
    """

    def __init__(
        self, options: Options, bury: Callable[[Unreadable], None], advanced: Callable[[int], None] = lambda _: None
    ) -> None:
        self._options = options
        self._bury = bury
        self._advanced = advanced
        self.rejected = 0
        self.ignored = 0
        self.unread = UnreadLines()
        self.assumed: dict[str, None] = {}
        self.unknown = 0

    def events(self, names: Iterable[str]) -> Iterator[AnyEvent | Unknown]:
        """All events of all files, in the order in which they stand there. Raises OSError, its `filename` set."""
        for name in names:
            with naming(name):
                if name == STDIN:
                    yield from self._file(sys.stdin.buffer, "standard input", self._options.year)
                    continue
                year = self._options.year or self._year_of(Path(name))
                with Path(name).open("rb") as opened:
                    yield from self._file(opened, name, year)

    def _year_of(self, path: Path) -> int | None:
        """The year of the first event of a file, which was last written at its end; None for a pipe."""
        if not path.is_file():
            return None
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        probe = Inputs(replace(self._options, year=written.year), bury=lambda _: None)
        first = next(probe.events([str(path)]), None)
        return written.year - 1 if first is not None and first.at > written + A_DAY else written.year

    def _reader(self, year: int | None) -> Format:
        options = self._options
        return formats()[options.format](
            FormatOptions(
                pbx=options.pbx,
                zone=options.zone,
                year=year,
                keyed_hash=options.keyed_hash,
                parties=options.parties,
                region=options.region,
            )
        )

    def _file(self, opened: BinaryIO, name: str, year: int | None) -> Iterator[AnyEvent | Unknown]:
        reader = self._reader(year)
        number = 0
        try:
            for number, line in enumerate(lines(unpacked(opened), reader.max_line), 1):
                self._advanced(len(line))
                yield from self._sorted(reader.read(line), name, number)
        except DAMAGED as error:
            lost = Rejected(reason=f"damaged gzip file, what follows is lost: {error}")
            yield from self._sorted([lost], name, number + 1)
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
                self.rejected += 1
                self._bury(Unreadable(
                    file=name, line=number, reason=record.reason, field=record.field, excerpt=record.excerpt
                ))  # fmt: skip
            else:
                yield record


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
