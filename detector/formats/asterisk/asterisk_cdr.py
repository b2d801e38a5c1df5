"""Asterisk's Master.csv, as cdr_csv writes it or as cdr_custom does by default."""

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from detector.contract.codec import Rejected, reject
from detector.contract.events import MAX_EVENT_BYTES
from detector.formats.asterisk.asterisk_calls import UNIQUEID, BadRecordError, CallRecord, CallRecords
from detector.formats.asterisk.asterisk_owners import GUESS
from detector.formats.csv_records import CsvRecords, cells
from detector.formats.format import Format, FormatOptions, Reading, register

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?", re.ASCII)
BOM = b"\xef\xbb\xbf"
# Where each field stands: cdr_csv has the account first, cdr_custom the caller id, FreePBX's table the time.
CDR_CSV = {"src": 1, "dst": 2, "context": 3, "channel": 5, "dstchannel": 6, "application": 7, "data": 8, "start": 9,
           "duration": 12, "billsec": 13, "disposition": 14}  # fmt: skip
CDR_CUSTOM = {"src": 1, "dst": 2, "context": 3, "channel": 4, "dstchannel": 5, "application": 6, "data": 7, "start": 8,
              "duration": 11, "billsec": 12, "disposition": 13}  # fmt: skip
CDR_TABLE = {"start": 0, "src": 2, "dst": 3, "context": 4, "channel": 5, "dstchannel": 6, "application": 7, "data": 8,
             "duration": 9, "billsec": 10, "disposition": 11, "uniqueid": 14}  # fmt: skip
COLUMNS = {
    "calldate": "start", "start": "start", "src": "src", "dst": "dst", "dcontext": "context", "context": "context",
    "channel": "channel", "dstchannel": "dstchannel", "lastapp": "application", "lastdata": "data",
    "duration": "duration", "billsec": "billsec", "disposition": "disposition", "uniqueid": "uniqueid",
    "linkedid": "linkedid", "cnum": "number",
}  # fmt: skip
"""What FreePBX and Asterisk call the columns of their tables."""
NEEDED_COLUMNS = frozenset({"start", "src", "dst", "channel", "duration", "billsec", "disposition"})
NEEDED = 16
NEEDED_OF_TABLE = 12
BORDER = re.compile(rb"\+(?:-+\+)+\s*")
DELIMITERS = (",", ";", "\t", "|")


@register
class AsteriskCdr(Format):
    """One record a line; a quoted cell may hold line ends.

    Columns are known by their places, so a caller's name can move nothing: quotes in it are doubled. A PBX that writes
    UTC (`usegmtime`) is told by `uniqueid`, which is there if cdr.conf says so; without it times are local. Who is a
    trunk is told by the channels, see `parties.py`. Refused calls are in no call record.
    """

    name: ClassVar[str] = "asterisk-cdr"

    def __init__(self, options: FormatOptions) -> None:
        super().__init__(options)
        self._records = CsvRecords()
        self._calls = CallRecords(options.pbx, self.name, options.zone, options.parties)
        self._delimiter: str | None = None
        self._columns: dict[str, int] | None = None

    def read(self, line: bytes) -> Iterator[Reading]:
        """The calls that are complete with this line."""
        line = line.removeprefix(BOM).rstrip(b"\r\n")
        if not self._records.open and (not line.strip() or BORDER.fullmatch(line)):
            self.ignored += 1
        elif len(line) > MAX_EVENT_BYTES:
            yield reject(f"line of {len(line)} bytes, allowed are {MAX_EVENT_BYTES}", line)
        else:
            if self._delimiter is None:
                self._delimiter = delimiter_of(line)
            for record in self._records.add(line, self._delimiter):
                if isinstance(record, Rejected):
                    yield record
                elif not self._is_head(values := self._values(record)):
                    yield self._call(record, values)

    def close(self) -> Iterator[Reading]:
        """A record whose quote was never closed."""
        yield from self._records.close()
        for name, side in self._calls.owners.guessed.items():
            self.assume(GUESS.format(name=name, side=side))

    def _values(self, text: str) -> list[str]:
        """The cells, without the bars and blanks around them of a table drawn by a database's client."""
        assert self._delimiter is not None, "read sets it"
        if self._delimiter != "|":
            return cells(text, self._delimiter)
        return [cell.strip() for cell in cells(text.strip().strip("|"), "|")]

    def _is_head(self, values: Sequence[str]) -> bool:
        """Whether these are the names of columns, which then say where everything stands."""
        found = {COLUMNS[name.strip().lower()]: at for at, name in enumerate(values) if name.strip().lower() in COLUMNS}
        if not found.keys() >= NEEDED_COLUMNS:
            return False
        self._columns = found
        self.ignored += 1
        return True

    def _call(self, text: str, values: Sequence[str]) -> Reading:
        try:
            return self._calls.read(self._record(values))
        except BadRecordError as error:
            return reject(error.reason, text.encode(), error.field)

    def _record(self, values: Sequence[str]) -> CallRecord:
        places = self._columns or places_of(values)
        found = {name: values[at] if at < len(values) else "" for name, at in places.items()}
        uniqueid, linkedid = ("", "") if self._columns is not None else _ids(values)
        given = {
            "uniqueid": uniqueid,
            "linkedid": linkedid,
            "context": "",
            "dstchannel": "",
            "application": "",
            "data": "",
        }
        return CallRecord(**{**given, **{name: value if value != "NULL" else "" for name, value in found.items()}})


def delimiter_of(line: bytes) -> str:
    """What stands between the cells: that of which there is most outside quotes."""
    text = re.sub(r'"(?:[^"]|"")*"', "", line.decode("utf-8", "replace"))
    return max(DELIMITERS, key=text.count)


def places_of(values: Sequence[str]) -> dict[str, int]:
    """Where each field stands in a record without names of columns. Raises BadRecordError."""
    if len(values) >= NEEDED_OF_TABLE and TIME.fullmatch(values[0]):
        return CDR_TABLE
    if len(values) < NEEDED:
        raise BadRecordError(f"{len(values)} cells, a call record has at least {NEEDED}", "")
    return CDR_CUSTOM if TIME.fullmatch(values[8]) and not TIME.fullmatch(values[11]) else CDR_CSV


def _ids(values: Sequence[str]) -> tuple[str, str]:
    """`uniqueid` and `linkedid`, as far as cdr.conf lets them be written.

    The columns after the sixteenth are uniqueid, userfield, then peeraccount, linkedid and sequence, each group only
    if it is switched on.
    """
    first = values[16] if len(values) > 16 and UNIQUEID.fullmatch(values[16]) else ""
    linked = values[-2] if len(values) >= 19 and UNIQUEID.fullmatch(values[-2]) else ""
    return first, linked
