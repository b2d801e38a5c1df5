"""One PBX of the evaluation: who works there, and how numbers are dialled."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any

from streams.backtest.making import Maker

FIRST_DAY = date(2026, 3, 2)
DAYS = 30


@dataclass
class Site(Maker):
    """A PBX: its `home` numbers with `{}` for a random part, customers `abroad`, and its own settings."""

    pbx: str
    region: str
    timezone: str
    international_prefix: str
    access_digit: str
    extensions: int
    office: str
    home: tuple[str, ...]
    abroad: tuple[str, ...]
    calls_a_day: float = 10
    settings: dict[str, Any] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)
    trunk: str = "carrier"
    route: str = "Outbound"
    first_day: date = FIRST_DAY
    day: int = 20

    @property
    def lasting(self) -> range:
        """Slow attacks go on to the end of the month."""
        return range(self.day - 6, DAYS)

    @property
    def label(self) -> str:
        """What ids begin with."""
        return self.pbx

    @property
    def phones(self) -> list[str]:
        """The extensions."""
        return [str(1_001 + number) for number in range(self.extensions)]

    def configured(self) -> dict[str, Any]:
        """As it stands in the configuration; rules act by themselves, so that a false alarm is a false containment."""
        return {
            "id": self.pbx, "region": self.region, "timezone": self.timezone, "access_digit": self.access_digit,
            "international_prefix": self.international_prefix, "holidays": self.region,
            "business_hours": {"mon-fri": "08:00-18:00"}, "mode": "auto",
            "trunks": {"carrier": {"hosts": ["198.51.100.250"], "max_calls": 60}}, **self.settings,
        }  # fmt: skip

    def works(self, day: int) -> bool:
        """Whether it is an ordinary day of work."""
        return (FIRST_DAY + timedelta(days=day)).weekday() < 5
