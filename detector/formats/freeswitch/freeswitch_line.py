"""The frame of a FreeSWITCH log line: whose channel, when, and what was said."""

import re
from datetime import datetime, tzinfo

from msgspec import Struct

from detector.formats.local_time import LocalTime

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
    """Reads the times of a log, and remembers the latest one."""

    def __init__(self, zone: tzinfo, year: int | None = None) -> None:
        self.zone = zone
        self.year = year
        self.last: datetime | None = None
        self.told: datetime | None = None
        self._local = LocalTime(zone)

    def read(self, stamp: str) -> datetime | None:
        """The UTC moment; None if it is no time, or has no year and nobody states one. `told` outweighs it."""
        if self.told is not None:
            self.last = self.told
            return self.told
        if stamp[2:3] == "-":
            stamp = f"{self.year}-{stamp}"
        try:
            moment = self._local.in_utc(datetime.fromisoformat(stamp), self.last)
        except (ValueError, OverflowError):
            return None
        last = self.last
        if last is None or moment > last:
            self.last = moment
        return moment
