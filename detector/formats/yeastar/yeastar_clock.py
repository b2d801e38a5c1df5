"""What a Yeastar shows as time: local, without a zone, in a format the administrator chose."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from msgspec import Struct

HALF = r"[AP]\.?M\.?|上午|下午"
SHOWN = re.compile(
    rf"\s*(\d{{1,4}})[-/.](\d{{1,2}})[-/.](\d{{1,4}})[ T]+(?:({HALF})\s*)?"
    rf"(\d{{1,2}}):(\d{{2}})(?::(\d{{2}}))?\s*({HALF})?\s*",
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

    def read(
        self, text: str, *, lasted: float = 0.0, known_by: datetime | None = None, not_before: datetime | None = None
    ) -> datetime:
        """The UTC moment `text` shows, in the display format, year first or as ISO 8601; `ValueError` for other text.

        In the hour that comes twice it is the later one, if `lasted` seconds on is not after `known_by`, or if the
        earlier one were before `not_before`.
        """
        match = SHOWN.fullmatch(text) if len(text) <= 64 else None
        if match is None:
            return _with_zone(text)
        year, month, day = self._date(match[1], match[2], match[3], not_before)
        hour = int(match[5])
        half = match[4] or match[8]
        if half:
            if not 1 <= hour <= 12:
                raise ValueError("not an hour of a 12-hour clock")
            hour = hour % 12 + (12 if half.upper().startswith("P") or half == "下午" else 0)
        local = datetime(year, month, day, hour, int(match[6]), int(match[7] or 0), tzinfo=self.zone)
        try:
            return self._settled(local, lasted, known_by, not_before)
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

    def _date(self, first: str, second: str, third: str, near: datetime | None) -> tuple[int, int, int]:
        if len(first) == 4:
            return int(first), int(second), int(third)
        if len(third) != 4:
            raise ValueError("a date without a year of four digits")
        year, month_first, day_first = int(third), (int(first), int(second)), (int(second), int(first))
        order = self.date_format.upper()
        if not order.startswith("YYYY"):
            return (year, *(day_first if order.find("DD") < order.find("MM") else month_first))
        if first == second or int(first) > 12:
            return (year, *day_first)
        if int(second) > 12:
            return (year, *month_first)
        if near is None:
            raise ValueError("a date that may begin with its day or its month")
        local = near.astimezone(self.zone)
        return (
            year,
            *min(month_first, day_first, key=lambda each: abs(each[0] * 31 + each[1] - local.month * 31 - local.day)),
        )

    def _settled(
        self, local: datetime, lasted: float, known_by: datetime | None, not_before: datetime | None
    ) -> datetime:
        early, late = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        if late <= early:
            return early
        if not_before is not None and early < not_before - AHEAD:
            return late
        return late if known_by is not None and late + timedelta(seconds=lasted) <= known_by + AHEAD else early


def _with_zone(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip()) if len(text) <= 64 else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("not a time as the PBX shows it")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time outside the calendar") from None
