"""Asterisk's call records: Master.csv, as cdr_csv or cdr_custom write it, and tables of FreePBX and its kin."""

import re
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import ClassVar

from detector.contract.codec import Rejected, reject
from detector.contract.events import MAX_EVENT_BYTES
from detector.contract.visibility import Source
from detector.formats.asterisk.asterisk_calls import UNIQUEID, BadRecordError, CallRecord, CallRecords
from detector.formats.asterisk.asterisk_owners import GUESS
from detector.formats.asterisk.asterisk_tellings import CALL_RECORDS
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
             "duration": 9, "billsec": 10, "disposition": 11, "uniqueid": 14, "number": 18, "linkedid": 23}  # fmt: skip
of_csv, of_custom = itemgetter(*CDR_CSV.values()), itemgetter(*CDR_CUSTOM.values())
"""What stands there, in the order of `CallRecord`."""
COLUMNS = {
    "calldate": "start", "start": "start", "date": "start", "starttime": "start", "src": "src", "source": "src",
    "dst": "dst", "destination": "dst", "dcontext": "context", "context": "context", "channel": "channel",
    "srcchannel": "channel", "sourcechannel": "channel", "dstchannel": "dstchannel",
    "destinationchannel": "dstchannel", "lastapp": "application", "lastdata": "data", "duration": "duration",
    "billsec": "billsec", "billableseconds": "billsec", "disposition": "disposition", "status": "disposition",
    "uniqueid": "uniqueid", "linkedid": "linkedid", "cnum": "number",
}  # fmt: skip
"""What FreePBX, Issabel and Asterisk call the columns of their tables, without blanks and dots."""
NEEDED_COLUMNS = frozenset({"start", "src", "dst", "channel", "duration", "disposition"})
NEEDED = 16
NEEDED_OF_TABLE = 12
ORNAMENT = re.compile(
    rb"\s*(?:\+(?:-+\+)+|-+(?:\+-+)+|\"?sep=.\"?"
    rb"|\(?\d{1,12} rows?(?: in set(?:, \d{1,6} warnings?)?(?: \([^)]{1,40}\))?)?\)?)\s*",
    re.DOTALL,
)
"""Borders and last lines of tables that a database's client draws, and a spreadsheet's first line."""
DELIMITERS = (",", ";", "\t", "|")
NOTHING = frozenset({"NULL", "\\N", "(null)"})
NOT_GIVEN = dict.fromkeys(("uniqueid", "linkedid", "context", "dstchannel", "application", "data"), "")
NOT_A_NAME = re.compile(r"[\W_]+")


@register
class AsteriskCdr(Format):
    """One record a line; a quoted cell may hold line ends.

    Columns are known by a line of their names, else by their places, so a caller's name can move nothing: quotes in it
    are doubled. Commas, semicolons, tabs or bars stand between them, as the first line has them. A PBX that writes
    UTC (`usegmtime`) is told by `uniqueid`, which is there if cdr.conf says so; without it times are local. Who is a
    trunk is told by the channels, see `parties.py`. Refused calls are in no call record.
    """

    name: ClassVar[str] = "asterisk-cdr"
    sources: ClassVar[tuple[Source, ...]] = (CALL_RECORDS,)

    def __init__(self, options: FormatOptions) -> None:
        super().__init__(options)
        self._records = CsvRecords()
        self._calls = CallRecords(options.pbx, self.name, options.zone, options.parties)
        self._delimiter = ","
        self._framed = False
        self._settled = False
        self._columns: dict[str, int] | None = None

    def read(self, line: bytes) -> Iterator[Reading]:
        """The calls that are complete with this line."""
        line = line.removeprefix(BOM).rstrip(b"\r\n")
        if not self._records.open and (not line.strip() or ORNAMENT.fullmatch(line)):
            self.ignored += 1
        elif len(line) > MAX_EVENT_BYTES:
            yield reject(f"line of {len(line)} bytes, allowed are {MAX_EVENT_BYTES}", line)
        else:
            if not self._settled and not self._records.open:
                self._delimiter, self._framed = delimiter_of(line), line.lstrip()[:1] == b"|"
            for record in self._records.add(line, self._delimiter):
                if isinstance(record, Rejected):
                    yield record
                    continue
                values = self._values(record)
                if TIME.search(record) is not None or not self._is_head(values):
                    yield self._call(record, values)

    @property
    def held(self) -> int:
        """Lines that end within quotes."""
        return self._records.held

    def close(self) -> Iterator[Reading]:
        """A record whose quote was never closed."""
        yield from self._records.close()
        for name, side in self._calls.owners.guessed.items():
            self.assume(GUESS.format(name=name, side=side))

    def _values(self, text: str) -> list[str]:
        """The cells, without the bars and blanks around them of a table drawn by a database's client."""
        if self._delimiter != "|":
            return cells(text, self._delimiter)
        if self._framed:
            text = text.strip().removeprefix("|").removesuffix("|")
        return [cell.strip() for cell in cells(text, "|")]

    def _is_head(self, values: Sequence[str]) -> bool:
        """Whether these are the names of columns, which then say where everything stands."""
        names = [NOT_A_NAME.sub("", name).lower() for name in values]
        found: dict[str, int] = {}
        for at, name in enumerate(names):
            if name in COLUMNS:
                found.setdefault(COLUMNS[name], at)
        if not found.keys() >= NEEDED_COLUMNS:
            return False
        self._columns, self._settled = found, True
        self.ignored += 1
        return True

    def _call(self, text: str, values: Sequence[str]) -> Reading:
        try:
            call = self._calls.read(self._record(values))
        except BadRecordError as error:
            return reject(error.reason, text.encode(), error.field)
        self._settled = True
        return call

    def _record(self, values: Sequence[str]) -> CallRecord:
        places = self._columns or places_of(values)
        if places is CDR_CSV or places is CDR_CUSTOM:
            given = (*(of_csv if places is CDR_CSV else of_custom)(values), *_ids(values))
            return CallRecord(
                *given if NOTHING.isdisjoint(given) else ["" if each in NOTHING else each for each in given]
            )
        found = {name: values[at] if at < len(values) else "" for name, at in places.items()}
        if not UNIQUEID.fullmatch(found.get("linkedid", "")):
            found["linkedid"] = ""
        if "billsec" not in found:
            found["billsec"] = found["duration"] if found["disposition"].upper() == "ANSWERED" else "0"
        if not NOTHING.isdisjoint(found.values()):
            found = {name: "" if value in NOTHING else value for name, value in found.items()}
        return CallRecord(**(NOT_GIVEN | found))


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
