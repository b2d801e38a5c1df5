"""Calls that ended while nobody listened, from the file in which an Asterisk keeps its call records."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from detector.contract.codec import Rejected
from detector.contract.events import Call
from detector.formats.asterisk.asterisk_cdr import AsteriskCdr
from detector.formats.format import FormatOptions

FIRST_LOOK = 1 << 18
MOST = 1 << 27
LONGEST_GAP = timedelta(days=7)


class MissedCalls(Struct, frozen=True, kw_only=True):
    """What ended since a moment, with the ids that the manager interface gives.

    `first` is the end of the first record that was looked at, `broken` counts those that cannot be read.
    """

    calls: tuple[Call, ...]
    first: datetime | None
    broken: int


def missed_calls(path: Path, options: FormatOptions, since: datetime, now: datetime) -> MissedCalls:
    """Read the end of the file, as much as is needed. Blocks; raises OSError."""
    since = max(since, now - LONGEST_GAP)
    size = FIRST_LOOK
    while True:
        lines, at_start = last_lines(path, size)
        found = list(records(lines, options))
        calls = [one for one in found if isinstance(one, Call)]
        first = calls[0].at if calls else None
        if at_start or size >= MOST or (first is not None and first < since):
            missed = tuple(replace(one, received_at=now) for one in calls if one.at >= since)
            return MissedCalls(calls=missed, first=first, broken=len(found) - len(calls))
        size *= 4


def last_lines(path: Path, size: int) -> tuple[list[bytes], bool]:
    """The whole lines among the last bytes, and whether those are all there are."""
    with path.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        begin = max(0, length - size)
        file.seek(begin)
        lines = file.read(length - begin).split(b"\n")[:-1]  # what stands behind the last end is being written
    return lines if begin == 0 else lines[1:], begin == 0


def records(lines: list[bytes], options: FormatOptions) -> Iterator[Call | Rejected]:
    """What they say."""
    reader = AsteriskCdr(options)
    for line in lines:
        for found in reader.read(line):
            if isinstance(found, Call | Rejected):
                yield found
