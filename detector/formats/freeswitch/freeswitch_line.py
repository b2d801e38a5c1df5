"""The frame of a FreeSWITCH log line: whose channel, when, and what was said."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from msgspec import Struct

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# With the uuid of the channel, how idle the CPU is and the function, as far as the version and logfile.conf have them.
HEAD = re.compile(
    rf"(?:(?P<uuid>{UUID}) )?"
    r"(?P<stamp>(?:\d{4}-)?\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?) "
    r"(?:\d{1,3}\.\d\d% |\[\d{1,9}\] )?"
    r"\[(?P<level>[A-Z]{1,8})\] (?:\[[A-Z_]{1,32}\] )?"
    r"\[?(?P<file>[\w./-]{1,128}\.(?:c|cpp|h)):\d{1,6}\]? (?:\w{1,64}\(\) )?"
    r"(?P<text>.*)",
    re.ASCII | re.DOTALL,
)
EXECUTE = re.compile(rf"(?:(?P<uuid>{UUID}) )?(?P<text>EXECUTE .*)", re.ASCII | re.DOTALL)
MINUTE = len("2026-03-14 02:09")
OUT_OF_ORDER = timedelta(minutes=5)


class FreeswitchLine(Struct, frozen=True, gc=False):
    """One line with a head, or an `EXECUTE` line, which has none (`stamp` is empty then)."""

    uuid: str
    stamp: str
    file: str
    text: str


def parse(content: str) -> FreeswitchLine | None:
    """The line; None for the second and later lines of a record."""
    content = content.rstrip()
    head = HEAD.match(content)
    if head is not None:
        uuid, stamp, _, file, text = head.groups("")
        return FreeswitchLine(uuid, stamp, file.rpartition("/")[2], text)
    execute = EXECUTE.match(content)
    if execute is not None:
        return FreeswitchLine(uuid=execute["uuid"] or "", stamp="", file="", text=execute["text"])
    return None


class LocalClock:
    """Reads local times; in the hour that comes twice a step back of more than five minutes begins the second one."""

    def __init__(self, zone: tzinfo, year: int | None = None) -> None:
        self.zone = zone
        self.year = year
        self.last: datetime | None = None
        self.told: datetime | None = None
        self._plain: tuple[datetime, datetime] | None = None
        self._minute = ""

    def read(self, stamp: str) -> datetime | None:
        """The UTC moment; None if it is no time, or has no year and nobody states one. `told` outweighs it."""
        if self.told is not None:
            self.last = self.told
            return self.told
        if stamp[2:3] == "-":
            stamp = f"{self.year}-{stamp}"
        try:
            local = datetime.fromisoformat(stamp)
            if self._plain is not None and stamp[:MINUTE] == self._minute:
                moment = self._plain[1] + (local - self._plain[0])
            else:
                moment = self._read(local, stamp[:MINUTE])
        except (ValueError, OverflowError):
            return None
        last = self.last
        if last is None or moment > last:
            self.last = moment
        return moment

    def _read(self, local: datetime, minute: str) -> datetime:
        """The moment of a time; one of a minute that comes once is remembered, as it was written and in UTC."""
        zoned = local.replace(tzinfo=self.zone)
        again = zoned.replace(fold=1)
        first, last = zoned.astimezone(UTC), self.last
        if zoned.utcoffset() == again.utcoffset():
            self._plain, self._minute = (local, first), minute
            return first
        second = again.astimezone(UTC)
        if second <= first or last is None:
            return first
        return second if last.astimezone(self.zone).fold == 1 or first < last - OUT_OF_ORDER else first
