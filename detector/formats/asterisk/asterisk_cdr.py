"""Asterisk's Master.csv, as cdr_csv writes it or as cdr_custom does by default."""

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from detector.contract.codec import Rejected, reject
from detector.contract.events import MAX_EVENT_BYTES
from detector.formats.asterisk.asterisk_calls import UNIQUEID, BadRecordError, CallRecord, CallRecords
from detector.formats.csv_records import CsvRecords, cells
from detector.formats.format import Format, FormatOptions, Reading, register

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?", re.ASCII)
BOM = b"\xef\xbb\xbf"
# Where each field stands: cdr_csv has the account first, cdr_custom the caller id.
CDR_CSV = {"src": 1, "dst": 2, "context": 3, "channel": 5, "dstchannel": 6, "application": 7, "data": 8, "start": 9,
           "duration": 12, "billsec": 13, "disposition": 14}  # fmt: skip
CDR_CUSTOM = {"src": 1, "dst": 2, "context": 3, "channel": 4, "dstchannel": 5, "application": 6, "data": 7, "start": 8,
              "duration": 11, "billsec": 12, "disposition": 13}  # fmt: skip
NEEDED = 16


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

    def read(self, line: bytes) -> Iterator[Reading]:
        """The calls that are complete with this line."""
        line = line.removeprefix(BOM).rstrip(b"\r\n")
        if not self._records.open and not line.strip():
            self.ignored += 1
        elif len(line) > MAX_EVENT_BYTES:
            yield reject(f"line of {len(line)} bytes, allowed are {MAX_EVENT_BYTES}", line)
        else:
            for record in self._records.add(line):
                yield record if isinstance(record, Rejected) else self._call(record)

    def close(self) -> Iterator[Reading]:
        """A record whose quote was never closed."""
        yield from self._records.close()

    def _call(self, text: str) -> Reading:
        values = cells(text)
        if len(values) < NEEDED:
            return reject(f"{len(values)} cells, a call record has at least {NEEDED}", text.encode())
        try:
            return self._calls.read(_record(values))
        except BadRecordError as error:
            return reject(error.reason, text.encode(), error.field)


def _record(values: Sequence[str]) -> CallRecord:
    places = CDR_CUSTOM if TIME.fullmatch(values[8]) and not TIME.fullmatch(values[11]) else CDR_CSV
    uniqueid, linkedid = _ids(values)
    return CallRecord(uniqueid=uniqueid, linkedid=linkedid, **{name: values[place] for name, place in places.items()})


def _ids(values: Sequence[str]) -> tuple[str, str]:
    """`uniqueid` and `linkedid`, as far as cdr.conf lets them be written.

    The columns after the sixteenth are uniqueid, userfield, then peeraccount, linkedid and sequence, each group only
    if it is switched on.
    """
    first = values[16] if len(values) > 16 and UNIQUEID.fullmatch(values[16]) else ""
    linked = values[-2] if len(values) >= 19 and UNIQUEID.fullmatch(values[-2]) else ""
    return first, linked
