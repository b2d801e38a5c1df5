"""The frame of an Asterisk log line: when, from which source file, and what was said."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec
from msgspec import Struct

from detector.contract.codec import mended
from detector.formats.carriers import coloured, unwrap
from detector.formats.local_time import LocalTime
from detector.formats.stamps import read_spelled

HEAD = re.compile(
    r"(?:\[(?P<stamp>[^\]]{5,40})\] ?)?"
    r"(?P<level>[A-Z]+) ?\[\d+\](?:\[C-[0-9a-f]+\])?:? "
    r"(?P<file>[\w./-]+\.c|Ext\. [^:]{1,128})(?::\d+)?(?:(?: in)? \w+)?: (?P<text>.*)",
    re.ASCII | re.DOTALL,
)
SECURITY_FILE = "res_security_log.c"
USUAL = re.compile(r"\[([^\]]{5,40})\] ([A-Z]++)\[\d++\](?:\[C-[0-9a-f]++\])? ([\w/-]++\.c): ", re.ASCII)
"""As most lines of most files begin: `HEAD` in short, without what is said."""
YEARLESS = re.compile(r"([A-Z][a-z]{2}) ([ \d]?\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})\d{0,3})?", re.ASCII)
MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
HALF_A_YEAR = timedelta(days=183)


class AsteriskLine(Struct, frozen=True, gc=False):
    """One log line. `stamp` is its time as written (`""`: none); `content`, from `begins` on, what stands behind it.

    `file` is the source file that wrote it, or `Ext. s` where the dialplan did; `times` how often it was written.
    """

    stamp: str
    level: str
    file: str
    text: str
    content: str
    begins: int = 0
    times: int = 1

    @property
    def whole(self) -> str:
        """Its time and what it says, whatever carried it."""
        if self.begins == len(self.stamp) + len("[] "):  # as most lines are
            return self.content
        return f"[{self.stamp}] {self.content[self.begins :]}"


class _Location(Struct, frozen=True):
    filename: str = ""


class _Message(Struct, frozen=True):
    message: str = ""
    level: str = ""
    location: _Location = _Location()


class _JsonLine(Struct, frozen=True):
    """A line of Asterisk's own JSON log (`full-json => [json]...`)."""

    timestamp: str
    logmsg: _Message


JSON = msgspec.json.Decoder(_JsonLine)


def parse(raw: bytes) -> AsteriskLine | None:
    """The line out of whatever carried it; `None` for what Asterisk's logger does not write."""
    if raw[:1] == b"[":  # most lines: nothing carries them
        content = raw.rstrip(b"\r\n").decode("utf-8", "replace")
        if not coloured(content):
            usual = USUAL.match(content)
            if usual is not None:
                stamp, level, file = usual.groups()
                return AsteriskLine(stamp, level, file, content[usual.end() :], content, usual.start(2))
            head = HEAD.match(content)
            if head is not None:
                stamp, level, file, text = head.groups("")
                return AsteriskLine(stamp, level, file, text, content, head.start(2))
    carried = unwrap(raw)
    content = carried.text
    if content[:1] == "{":
        return _parse_json(content)
    head = HEAD.match(content)
    if head is None:
        return None
    stamp, level, file, text = head.groups("")
    return AsteriskLine(stamp or carried.time, level, file, text, content, head.start(2), carried.times)


def _parse_json(content: str) -> AsteriskLine | None:
    try:
        line = mended(JSON.decode, content.encode())
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    said, file = line.logmsg, line.logmsg.location.filename
    content = f"{said.level} {file}: {said.message}"
    return AsteriskLine(stamp=line.timestamp, level=said.level, file=file, text=said.message, content=content)


class LogClock:
    """Puts the year and the zone to times that have none.

    The first line is of `year`; without one, of the year of the first record that states its own. From there
    the lines ascend: what would lie more than half a year before the line before it is of the next year
    (December to January), what would lie more than half a year after it came late and is of the year before.
    """

    def __init__(self, zone: tzinfo, year: int | None) -> None:
        self.zone = zone
        self.year = year
        self._last: datetime | None = None
        self._cached: tuple[str, datetime | None] = ("", None)
        self.told: datetime | None = None
        self._local = LocalTime(zone)

    def read(self, stamp: str) -> datetime | None:
        """The UTC moment of a stamp; `None` if it is no time, or of an unknown year. `told` outweighs it."""
        if self.told is not None:
            return self.told
        if stamp != self._cached[0]:
            self._cached = (stamp, self._read(stamp))
        return self._cached[1]

    def learn(self, stamp: str, stated: datetime) -> None:
        """Take the year from a record with `stamp` that states its whole time itself."""
        if self.year is not None:
            return
        around = stated.astimezone(self.zone).year
        dated = [(year, _yearless(stamp, year)) for year in (around - 1, around, around + 1)]
        near = [(abs(at.replace(tzinfo=self.zone) - stated), year) for year, at in dated if at is not None]
        if near and 1 < around < 9999:
            self.year = min(near)[1]
            self._cached = ("", None)

    def _read(self, stamp: str) -> datetime | None:
        try:
            if stamp[:1].isdigit():
                moment: datetime | None = self._zoned(datetime.fromisoformat(stamp))
            else:
                moment = self._ascending(stamp)
        except (ValueError, OverflowError):
            moment = None
        if moment is None and (spelled := read_spelled(stamp)) is not None:
            moment = self._zoned(spelled)
        if moment is not None and (self._last is None or moment > self._last):
            self._last = moment
        return moment

    def _ascending(self, stamp: str) -> datetime | None:
        if self.year is None:
            return None
        moment = self._of_year(stamp, self.year)
        last = self._last
        if last is not None:
            if moment is None or moment < last - HALF_A_YEAR:
                later = self._of_year(stamp, self.year + 1)
                if later is not None and later < last + HALF_A_YEAR:
                    self.year += 1
                    moment = later
            elif moment > last + HALF_A_YEAR:
                return self._of_year(stamp, self.year - 1)
        return moment

    def _of_year(self, stamp: str, year: int) -> datetime | None:
        local = _yearless(stamp, year)
        return None if local is None else self._zoned(local)

    def _zoned(self, local: datetime) -> datetime:
        return local.astimezone(UTC) if local.tzinfo is not None else self._local.in_utc(local, self._last)


def _yearless(stamp: str, year: int) -> datetime | None:
    match = YEARLESS.fullmatch(stamp)
    if match is None or match[1] not in MONTHS:
        return None
    try:
        month, day, hour, minute, second, part = match.groups()
        micros = int(part.ljust(6, "0")) if part else 0
        return datetime(year, MONTHS[month], int(day), int(hour), int(minute), int(second), micros)  # noqa: DTZ001 - the zone comes later
    except ValueError:
        return None
