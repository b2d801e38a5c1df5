"""What a Yeastar shows as time: local, without a zone, in a format the administrator chose."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from msgspec import Struct

SHOWN = re.compile(
    r"\s*(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AP]M)?\s*",
    re.ASCII | re.IGNORECASE,
)
AHEAD = timedelta(seconds=60)


class PbxClock(Struct, frozen=True):
    """Reads and writes the PBX's times.

    `date_format` and `time_format` are `system_date_format` and `system_time_format` of `system/information`;
    a time format that names AM or PM is a 12-hour one, whatever the case of its `hh`.
    """

    zone: tzinfo
    date_format: str = "YYYY/MM/DD"
    time_format: str = "HH:mm:ss"

    def read(self, text: str, *, lasted: float = 0.0, known_by: datetime | None = None) -> datetime:
        """The UTC moment `text` shows, in the display format or year first; `ValueError` for any other text.

        In the hour that comes twice it is the later one, if `lasted` seconds on is not after `known_by`.
        """
        match = SHOWN.fullmatch(text) if len(text) <= 64 else None
        if match is None:
            raise ValueError("not a time as the PBX shows it")
        year, month, day = self._date(match[1], match[2], match[3])
        hour = int(match[4])
        if match[7]:
            if not 1 <= hour <= 12:
                raise ValueError("not an hour of a 12-hour clock")
            hour = hour % 12 + (12 if match[7].upper() == "PM" else 0)
        local = datetime(year, month, day, hour, int(match[5]), int(match[6] or 0), tzinfo=self.zone)
        try:
            return self._settled(local, lasted, known_by)
        except OverflowError:
            raise ValueError("a time outside the calendar") from None

    def write(self, moment: datetime) -> str:
        """An aware `moment` as the PBX shows it, to the second."""
        local = moment.astimezone(self.zone)
        date = self.date_format.upper()
        for token, value in (
            ("YYYY", f"{local.year:04}"),
            ("MM", f"{local.month:02}"),
            ("DD", f"{local.day:02}"),
        ):
            date = date.replace(token, value)
        twelve = re.search(r"[AP]", self.time_format, re.IGNORECASE)
        return f"{date} {local.strftime('%I:%M:%S %p' if twelve else '%H:%M:%S')}"

    def _date(self, first: str, second: str, third: str) -> tuple[int, int, int]:
        if len(first) == 4:
            return int(first), int(second), int(third)
        if len(third) != 4:
            raise ValueError("a date without a year of four digits")
        order = self.date_format.upper()
        if order.find("DD") < order.find("MM"):
            return int(third), int(second), int(first)
        return int(third), int(first), int(second)

    def _settled(self, local: datetime, lasted: float, known_by: datetime | None) -> datetime:
        early, late = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        if known_by is None or late <= early:
            return early
        return late if late + timedelta(seconds=lasted) <= known_by + AHEAD else early
