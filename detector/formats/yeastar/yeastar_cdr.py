"""Yeastar's call records: the CSV export with its header, or what `cdr/list` and `cdr/search` answer."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta, tzinfo
from typing import ClassVar, Literal

import msgspec
from msgspec import Struct

from detector.contract.codec import Rejected, mended, reject
from detector.contract.events import MAX_EVENT_BYTES
from detector.contract.visibility import Source
from detector.formats.csv_records import CsvRecords, cells
from detector.formats.format import Format, FormatOptions, Occurrences, Reading, register
from detector.formats.json_texts import JsonTexts
from detector.formats.yeastar.yeastar_clock import PbxClock
from detector.formats.yeastar.yeastar_columns import MAX_NAME, Row, field_of, fields_of
from detector.formats.yeastar.yeastar_fields import BadFieldError, born
from detector.formats.yeastar.yeastar_records import RecordReader, RowTwins
from detector.formats.yeastar.yeastar_tellings import CDR

MAX_ANSWER_BYTES = 64 * 1024 * 1024
MAX_UNDECIDED = 1_000
BOM = b"\xef\xbb\xbf"
DELIMITERS = (",", ";", "\t")
EITHER_ORDER = re.compile(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})\b", re.ASCII)
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", re.ASCII)

NEEDED = (("time", "timestamp"), ("call_from", "call_from_number"), ("call_to", "call_to_number"))
DATED = re.compile(r"(20\d\d)(\d\d)(\d\d)\d{6}", re.ASCII)
"""A UID begins with the local second its call began in."""
EMPTY_ANSWER = frozenset({"errcode", "errmsg", "total_number"})
A_DAY = timedelta(days=1)
"""The zone that is configured may not be the one the PBX shows."""
MONTH_FIRST = frozenset({"US", "PR", "VI", "GU", "AS", "MP", "UM", "FM", "MH", "PW", "PH", "CA", "BZ"})
WORDS = {"mdy": "month", "dmy": "day"}
FORMATS = {"mdy": "MM/DD/YYYY", "dmy": "DD/MM/YYYY"}


class _Header(Struct, frozen=True):
    delimiter: str
    names: tuple[str, ...]


@register
class YeastarCdr(Format):
    """CSV records may span 16 lines; JSON comes as a whole answer, in one line or indented, or as one row a line.

    Columns are known by their display names or by the API's, whatever their case and spacing. Where dates
    may be month or day first and nobody said which, the moment in the row's own Call ID or UID tells; else rows wait
    for one that settles it: a part above 12, else (at the end, or with 1,000 waiting) the order in which they lie
    closer together, else the order of the PBX's region, which is said to be a guess.
    Excerpts of rejected rows are left out where they could hold a PIN.
    """

    name: ClassVar[str] = "yeastar-cdr"
    sources: ClassVar[tuple[Source, ...]] = (CDR,)
    max_line: ClassVar[int] = MAX_ANSWER_BYTES

    def __init__(self, options: FormatOptions) -> None:
        super().__init__(options)
        self._header: _Header | None = None
        self._records = CsvRecords()
        self._texts = JsonTexts(MAX_ANSWER_BYTES)
        self._undecided: list[Row] = []
        self._clock: PbxClock | None = None
        self._year_first = PbxClock(zone=options.zone)
        self._occurrences = Occurrences()
        self._reader = RecordReader(options.pbx, options.keyed_hash, options.parties)
        self._twins = RowTwins()
        if options.date_order is not None:
            self._decide(options.date_order)

    def read(self, line: bytes) -> Iterator[Reading]:
        """The calls that are complete with this line."""
        line = line.removeprefix(BOM).rstrip(b"\r\n")
        if not self._texts.open and not self._records.open and not line.strip():
            self.ignored += 1
            return
        printed = self._texts.open or (self._header is None and _is_json(line))
        for text in self._texts.add(line) if printed else (line,):
            yield from (text,) if isinstance(text, Rejected) else self._text(text)

    @property
    def held(self) -> int:
        """Rows whose dates nothing has settled yet, and what has no end yet."""
        return len(self._undecided) + self._records.held + self._texts.held

    def close(self) -> Iterator[Reading]:
        """A record whose quote was never closed, JSON that breaks off, and rows whose dates nothing settled."""
        yield from self._texts.close()
        yield from self._records.close()
        yield from self._settle()

    def _text(self, text: bytes) -> Iterator[Reading]:
        if self._header is None and _is_json(text):
            yield from self._answer(text)
        elif len(text) > MAX_EVENT_BYTES:
            yield Rejected(reason=f"line of {len(text)} bytes, allowed are {MAX_EVENT_BYTES}")
        else:
            yield from self._csv_line(text)

    def _csv_line(self, line: bytes) -> Iterator[Reading]:
        for record in self._records.add(line, self._header.delimiter if self._header else ","):
            if isinstance(record, Rejected):
                yield record
            else:
                yield from self._csv_record(record)

    def _csv_record(self, text: str) -> Iterator[Reading]:
        if self._header is None:
            self._header = _header_of(text)
            if self._header is None:
                yield Rejected(reason="no header yet with a time, Call From and Call To")
            self.ignored += self._header is not None
            return
        names, values = self._header.names, cells(text, self._header.delimiter)
        if len(values) < len(names):
            yield Rejected(reason=f"{len(values)} cells, the header has {len(names)}")
        elif tuple(values) == names:
            self.ignored += 1
        else:
            yield from self._row(fields_of(zip(names, values, strict=False)))

    def _answer(self, line: bytes) -> Iterator[Reading]:
        if len(line) > MAX_ANSWER_BYTES:
            yield Rejected(reason=f"answer of {len(line)} bytes, allowed are {MAX_ANSWER_BYTES}")
            return
        try:
            answer = mended(msgspec.json.decode, line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield reject(str(error), b"")
            return
        rows = answer
        if isinstance(answer, dict) and ("errcode" in answer or "data" in answer):
            if answer.get("errcode", 0) != 0:
                yield reject("the PBX answered with an error", line, "errcode")
                return
            if answer.keys() - EMPTY_ANSWER and "data" not in answer:
                yield reject("an answer without data", b"", "data")
                return
            rows = answer.get("data") or []
        if not rows:
            self.ignored += 1
        for row in rows if isinstance(rows, list) else [rows]:
            yield from self._json_row(row)

    def _json_row(self, row: object) -> Iterator[Reading]:
        if isinstance(row, Mapping):
            yield from self._row(fields_of(row.items()))
        else:
            yield reject(f"expected an object, got {type(row).__name__}", msgspec.json.encode(row), "data")

    def _row(self, row: Row) -> Iterator[Reading]:
        parts = _either_order(row)
        if parts is None or self._clock is not None:
            yield self._event(row)
            return
        first, second, _ = parts
        if first <= 12 and second <= 12 and (stated := _stated(row, self.options.zone)) is not None:
            self._decide(stated)
            yield from self._settle()
            yield self._event(row)
            return
        if first <= 12 and second <= 12:
            self._undecided.append(row)
            if len(self._undecided) >= MAX_UNDECIDED:
                yield from self._settle()
            return
        self._decide("dmy" if first > 12 else "mdy")
        yield from self._settle()
        yield self._event(row)

    def _settle(self) -> Iterator[Reading]:
        waiting, self._undecided = self._undecided, []
        if waiting and self._clock is None:
            order = _closer_together([parts for row in waiting if (parts := _either_order(row))])
            if order is None:
                order = "mdy" if self.options.region in MONTH_FIRST else "dmy"
                self.assume(
                    f"dates such as {str(waiting[0]['time'])[:10]!r} are read {WORDS[order]} first, as in region "
                    f"{self.options.region or 'none'}: nothing in the file tells; `region` of the PBX ends the guess"
                )
            self._decide(order)
        for row in waiting:
            yield self._event(row)

    def _decide(self, order: Literal["mdy", "dmy"]) -> None:
        self._clock = PbxClock(zone=self.options.zone, date_format=FORMATS[order])

    def _event(self, row: Row) -> Reading:
        shown = {name: value for name, value in row.items() if name != "pin_code"}
        content = msgspec.json.encode(shown, order="sorted")
        call_id = row.get("call_id") or row.get("uid") or self._occurrences.id_of(content)
        record = {**row, "call_id": call_id}
        clock = self._clock or self._year_first
        try:
            return self._twins.tell_apart(self._reader.cdr_event(record, clock, None), row)
        except BadFieldError as error:
            return reject(error.reason, content, error.field)


def _is_json(line: bytes) -> bool:
    return line.lstrip()[:1] in (b"{", b"[", b"}", b"]")


def _header_of(text: str) -> _Header | None:
    for delimiter in DELIMITERS:
        names = tuple(cells(text, delimiter))
        if any(map(DATE.search, names)):  # a record is run into them
            continue
        known = {field_of(name[:MAX_NAME]) for name in names}
        if all(any(field in known for field in either) for either in NEEDED):
            return _Header(delimiter, names)
    return None


def _either_order(row: Row) -> tuple[int, int, int] | None:
    """The parts of a date that does not begin with its year and is needed."""
    shown = row.get("time")
    if "timestamp" in row or not isinstance(shown, str):
        return None
    match = EITHER_ORDER.match(shown)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _stated(row: Row, zone: tzinfo) -> Literal["mdy", "dmy"] | None:
    """The order that agrees with the moment or the day which the row's own ids begin with; None if neither tells."""
    parts = _either_order(row)
    if parts is None or parts[0] == parts[1]:
        return None
    first, second, year = parts
    month_first, day_first = _day(year, first, second), _day(year, second, first)
    began = born(str(row.get("call_id", ""))[:64])
    match = DATED.match(str(row.get("uid", ""))[:64])
    stamped = born(str(row.get("uid", ""))[:64])
    days = [moment.astimezone(zone).date() for moment in (began, stamped) if moment]
    for stated in (*days, match and _day(*map(int, match.groups()))):
        if not stated or month_first is None or day_first is None:
            continue
        fits = [abs(stated - day) <= A_DAY for day in (month_first, day_first)]
        if fits[0] is not fits[1]:
            return "mdy" if fits[0] else "dmy"
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _closer_together(dates: list[tuple[int, int, int]]) -> Literal["mdy", "dmy"] | None:
    """The order in which they lie closer together; None where both are as good."""
    month_first = [year * 372 + first * 31 + second for first, second, year in dates]
    day_first = [year * 372 + second * 31 + first for first, second, year in dates]
    if _span(day_first) == _span(month_first):
        return None
    return "dmy" if _span(day_first) < _span(month_first) else "mdy"


def _span(days: list[int]) -> int:
    return max(days) - min(days)
