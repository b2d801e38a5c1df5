"""Times as an administrator may have them written: `dateformat` in logger.conf takes anything that strftime does."""

import re
from datetime import UTC, datetime

CLOCK = r"(?P<clock>\d\d:\d\d:\d\d)(?:[.,](?P<part>\d{1,9}))?"
MONTH = r"(?P<month>[A-Z][a-z]{2})"
SHAPES = tuple(
    re.compile(shape, re.ASCII)
    for shape in (
        rf"(?P<year>\d{{4}})/(?P<number>\d\d)/(?P<day>\d\d)[ T]{CLOCK}",
        rf"(?P<day>\d\d?)[ /-]{MONTH}[ /-](?P<year>\d{{4}})[ :]{CLOCK}",
        rf"(?:[A-Z][a-z]{{2}} )?{MONTH} +(?P<day>\d\d?) {CLOCK} (?P<year>\d{{4}})",
        rf"{MONTH} +(?P<day>\d\d?),? (?P<year>\d{{4}}) {CLOCK}",
    )
)
EPOCH = re.compile(r"(\d{9,10})(?:\.(\d{1,9}))?", re.ASCII)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_spelled(stamp: str) -> datetime | None:
    """A whole time in another shape than ISO 8601, local unless it is seconds since 1970. Raises no error."""
    if epoch := EPOCH.fullmatch(stamp):
        return datetime.fromtimestamp(int(epoch[1]), UTC).replace(microsecond=_micros(epoch[2]))
    match = next(filter(None, (shape.fullmatch(stamp) for shape in SHAPES)), None)
    if match is None:
        return None
    found = match.groupdict()
    try:
        month = int(found["number"]) if "number" in found else MONTHS.index(found["month"]) + 1
        hour, minute, second = (int(part) for part in found["clock"].split(":"))
        year, day = int(found["year"]), int(found["day"])
        return datetime(year, month, day, hour, minute, second, _micros(found["part"]))  # noqa: DTZ001 - the zone comes later
    except ValueError:
        return None


def _micros(part: str | None) -> int:
    return int((part or "0")[:6].ljust(6, "0"))
