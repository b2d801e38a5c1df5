"""Knows when a site is open, in its own time zone, with its public holidays (C24)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources import files
from math import gcd
from zoneinfo import ZoneInfo

import holidays as public_holidays

Week = tuple[tuple[tuple[int, int], ...], ...]
"""Open spans of Monday to Sunday in minutes since each day's midnight."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = 60_000_000
QUARTER = 15 * MINUTE
"""Microseconds. The offsets of today's time zones are whole quarters of an hour."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = -2_208_988_800_000_000  # 1900
_LAST = 253_370_764_800_000_000  # 9999; datetime ends with that year
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+){0,2}")
_HOURS = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")
_FULL_DAY = 24 * 60


class Calendar:
    """Opening hours of one site. Pure: times are arguments; zones are the packaged ones."""

    def __init__(
        self,
        *,
        timezone: str = "UTC",
        business_hours: Mapping[str, str] | Week = (),
        holidays: str | Iterable[str | date] = (),
    ) -> None:
        """Set up a calendar.

        Args:
            timezone: IANA name (`America/New_York`).
            business_hours: days to hours, `{"mon-fri": "08:00-12:00, 13:00-18:00", "sat": "22:00-06:00"}`;
                hours past midnight belong to the day they begin on; or a week in minutes; empty: always open.
            holidays: country or country and subdivision (`US`, `DE-BY`), or dates (`2026-12-24`); closed all
                day, unless always open.

        Raises:
            ValueError: names what cannot be read.
        """
        self._zone = _zone(timezone)
        self._always = not business_hours
        self._week = _week(business_hours) if isinstance(business_hours, Mapping) else business_hours
        self._dates = frozenset() if isinstance(holidays, str) else frozenset(map(_date, holidays))
        self._country = holidays if isinstance(holidays, str) else ""
        self._closed_on(date(2026, 1, 1))  # an unknown country is refused here, not at the first call
        edges = [minute for spans in self._week for span in spans for minute in span]
        self._step = gcd(15, *edges) * MINUTE
        self._opened = lru_cache(maxsize=4096)(self._open_at)
        self._seasons = lru_cache(maxsize=4096)(self._season_at)

    @property
    def digest(self) -> str:
        """Names the tables in the log."""
        return f"tzdata-{version('tzdata')}+holidays-{version('holidays')}"

    def is_open(self, at: int) -> bool:
        """Whether the site is open at a time (microseconds since the epoch)."""
        return self._opened(at // self._step)

    def season(self, at: int) -> int:
        """Local hour of the week, 0 (Monday 00:00) to 167 (Sunday 23:00); a holiday is a Sunday."""
        return self._seasons(at // QUARTER)

    def local(self, at: int) -> datetime:
        """Local time; years before 1900 and after 9998 are set to these ends."""
        return (_EPOCH + timedelta(microseconds=min(max(at, _FIRST), _LAST))).astimezone(self._zone)

    def _open_at(self, step: int) -> bool:
        if self._always:
            return True
        local = self.local(step * self._step)
        if self._closed_on(local.date()):
            return False
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self._week[local.weekday()])

    def _season_at(self, quarter: int) -> int:
        local = self.local(quarter * QUARTER)
        return (6 if self._closed_on(local.date()) else local.weekday()) * 24 + local.hour

    def _closed_on(self, day: date) -> bool:
        if not self._country:
            return day in self._dates
        return day in _public_holidays(self._country, day.year)


@lru_cache(maxsize=1024)
def _public_holidays(place: str, year: int) -> frozenset[date]:
    country, _, subdivision = place.partition("-")
    try:
        found = public_holidays.country_holidays(
            country.upper(), subdiv=subdivision.upper() or None, years=year, expand=False
        )
    except NotImplementedError:
        raise ValueError(f"no holidays known for {place[:16]!r}") from None
    return frozenset(found)


@cache
def _zone(name: str) -> ZoneInfo:
    if _ZONE.fullmatch(name):
        packaged = files("tzdata").joinpath("zoneinfo", *name.split("/"))
        if packaged.is_file():
            with packaged.open("rb") as data:
                return ZoneInfo.from_file(data, key=name)
    raise ValueError(f"no time zone {name[:64]!r}")


def _week(business_hours: Mapping[str, str]) -> Week:
    week: list[list[tuple[int, int]]] = [[] for _ in DAYS]
    for days, hours in business_hours.items():
        for day in _days(days):
            for start, end in map(_span, hours.split(",")):
                week[day].append((start, min(end, _FULL_DAY)))
                if end > _FULL_DAY:
                    week[(day + 1) % 7].append((0, end - _FULL_DAY))
    return tuple(map(tuple, week))


def _days(text: str) -> Iterator[int]:
    for part in text.lower().split(","):
        first, dash, last = (name.strip() for name in part.partition("-"))
        if first not in DAYS or (dash and last not in DAYS):
            raise ValueError(f"not days of the week: {text[:64]!r}; use {', '.join(DAYS)}, or mon-fri")
        start = DAYS.index(first)
        length = (DAYS.index(last) - start) % 7 if dash else 0
        yield from ((start + offset) % 7 for offset in range(length + 1))


def _span(text: str) -> tuple[int, int]:
    found = _HOURS.fullmatch(text)
    if found is not None:
        h1, m1, h2, m2 = map(int, found.groups())
        start, end = h1 * 60 + m1, h2 * 60 + m2
        if m1 < 60 and m2 < 60 and start < _FULL_DAY and end <= _FULL_DAY and start != end:
            return start, end if end > start else end + _FULL_DAY
    raise ValueError(f"not hours: {text[:64]!r}; write 08:00-18:00")


def _date(value: str | date) -> date:
    if isinstance(value, datetime):
        return value.date()
    try:
        return value if isinstance(value, date) else date.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(f"not a date: {value[:32]!r}; write 2026-12-24") from None  # type: ignore[index]
