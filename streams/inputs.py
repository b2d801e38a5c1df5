"""Files, or standard input, of any format we read, as contract events with a place to blame."""

import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from detector.contract.codec import Rejected
from detector.contract.events import MAX_EVENT_BYTES, AnyEvent, Unknown
from detector.formats import Format, FormatOptions, formats

LONGEST_LINE = 16 * MAX_EVENT_BYTES
STDIN = "-"


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A line nobody could read, as it goes to the dead-letter file."""

    file: str
    line: int
    reason: str
    field: str
    excerpt: str


class Options(Struct, frozen=True, kw_only=True):
    """What the records of a format lack: the PBX, its zone, the year of the first line."""

    format: str
    pbx: str
    zone: ZoneInfo
    year: int | None
    keyed_hash: Callable[[str], str]


class Inputs:
    """Reads files one after another; counts what cannot be used and hands it to `bury`.

    `advanced` is told the bytes read, for a progress bar.
    """

    def __init__(
        self, options: Options, bury: Callable[[DeadLetter], None], advanced: Callable[[int], None] = lambda _: None
    ) -> None:
        self._options = options
        self._bury = bury
        self._advanced = advanced
        self.rejected = 0
        self.ignored = 0

    def events(self, names: Iterable[str]) -> Iterator[AnyEvent | Unknown]:
        """All events of all files, in the order in which they stand there."""
        for name in names:
            if name == STDIN:
                yield from self._file(sys.stdin.buffer, "standard input", self._options.year)
                continue
            year = self._options.year or datetime.fromtimestamp(Path(name).stat().st_mtime, UTC).year
            with Path(name).open("rb") as opened:
                yield from self._file(opened, name, year)

    def _file(self, opened: BinaryIO, name: str, year: int | None) -> Iterator[AnyEvent | Unknown]:
        options = self._options
        reader: Format = formats()[options.format](
            FormatOptions(pbx=options.pbx, zone=options.zone, year=year, keyed_hash=options.keyed_hash)
        )
        number = 0
        for number, line in enumerate(lines(opened, reader.max_line), 1):
            self._advanced(len(line))
            if line.strip():
                yield from self._sorted(reader.read(line), name, number)
        yield from self._sorted(reader.close(), name, number)
        self.ignored += reader.ignored

    def _sorted(
        self, records: Iterable[AnyEvent | Unknown | Rejected], name: str, number: int
    ) -> Iterator[AnyEvent | Unknown]:
        for record in records:
            if isinstance(record, Rejected):
                self.rejected += 1
                self._bury(DeadLetter(
                    file=name, line=number, reason=record.reason, field=record.field, excerpt=record.excerpt
                ))  # fmt: skip
            else:
                yield record


def lines(opened: BinaryIO, longest: int) -> Iterator[bytes]:
    """Lines of a file; one beyond `longest` comes cut to just above it, the rest of it is skipped."""
    limit = longest + 2
    while line := opened.readline(limit):
        if len(line) == limit and not line.endswith(b"\n"):
            while (rest := opened.readline(limit)) and not rest.endswith(b"\n"):
                pass
        yield line


class Cemetery:
    """The dead-letter file: JSON lines, made when the first one comes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: BinaryIO | None = None

    def bury(self, letter: DeadLetter) -> None:
        """Append one letter."""
        if self._opened is None:
            self._opened = self.path.open("wb")
        self._opened.write(msgspec.json.encode(letter) + b"\n")

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._opened is not None:
            self._opened.close()
