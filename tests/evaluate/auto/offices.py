"""Offices of many countries, sizes and habits, drawn by seed: nothing in them is made after a limit of some rule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from random import Random
from typing import Any, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberType

from detector.enrich.addresses import AddressTable
from tests.evaluate.site import DAYS, FIRST_DAY, Site

FIXED, MOBILE = PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE
OPEN_DIGITS = 5
ADDRESSES, ADDRESSES_DRAWN = AddressTable(), 500_000
PROVIDERS, ENDS = 3, ("0.1", "64.1", "128.1", "200.1", "255.254")
DRAWS = 50
SLOW_DAYS = 14


class Country(NamedTuple):
    """How people dial and work there; `cities` are other beginnings of numbers than the one everybody knows."""

    region: str
    timezone: str
    prefix: str
    access: str
    emergency: str
    work: str = "mon-fri"


COUNTRIES = (
    Country("CA", "America/Toronto", "011", "9", "911"),
    Country("ES", "Europe/Madrid", "00", "0", "112"),
    Country("PL", "Europe/Warsaw", "00", "0", "112"),
    Country("NL", "Europe/Amsterdam", "00", "", "112"),
    Country("ZA", "Africa/Johannesburg", "00", "0", "112"),
    Country("IT", "Europe/Rome", "00", "0", "112"),
    Country("SE", "Europe/Stockholm", "00", "0", "112"),
    Country("MX", "America/Mexico_City", "00", "9", "911"),
    Country("NZ", "Pacific/Auckland", "00", "1", "111"),
    Country("IE", "Europe/Dublin", "00", "9", "112"),
    Country("IL", "Asia/Jerusalem", "00", "9", "100", "sun-thu"),
    Country("JP", "Asia/Tokyo", "010", "0", "110"),
    Country("PT", "Europe/Lisbon", "00", "0", "112"),
    Country("CZ", "Europe/Prague", "00", "0", "112"),
)
PARTNERS = ("GB", "DE", "FR", "US", "CN", "IN", "TR", "CH", "BR", "AE", "NO", "GR", "KR", "TH", "EG", "RO")
"""Where customers, suppliers and families are."""
CALLED_ALL_DAY = ("TN", "MA", "PH", "AL", "SN", "MU")
"""Where call centres call, and where they are: countries with a bad name."""
WEEKENDS = {"mon-fri": frozenset({5, 6}), "sun-thu": frozenset({4, 5})}


class Habits(NamedTuple):
    """What sort of office it is: extensions at least and at most, calls a person and day, their share abroad."""

    name: str
    extensions: tuple[int, int]
    calls_a_day: float
    abroad: float


KINDS = (
    Habits("trading", (18, 40), 14, 0.35),
    Habits("centre", (12, 18), 10, 0.3),
    Habits("clinic", (30, 55), 8, 0.03),
    Habits("agency", (5, 11), 9, 0.15),
    Habits("shipping", (10, 22), 11, 0.45),
    Habits("factory", (35, 60), 5, 0.08),
)


AROUND_THE_CLOCK = frozenset({"clinic", "shipping"})
"""Somebody is always at work there."""


@dataclass
class Office(Site):
    """An office as it stands there; `who` is what of its life makes an event, and stands in the event's id.

    An attack sees the same office `turned`, so that each has other victims, at other hours.
    """

    kind: str = ""
    who: str = ""
    first: int = 1_001
    turned: int = 0
    shift: timedelta = timedelta()
    emergency: str = "112"
    work: str = "mon-fri"
    share_abroad: float = 0.1
    partners: Sequence[str] = ()
    campaign: str = "TN"

    @property
    def label(self) -> str:
        """What ids begin with: of which part of life an event comes can be read from them."""
        return f"{self.pbx}-{self.who}"

    @property
    def phones(self) -> list[str]:
        """The extensions, from the first victim on."""
        numbers = [str(self.first + number) for number in range(self.extensions)]
        return numbers[self.turned :] + numbers[: self.turned]

    @property
    def lasting(self) -> range:
        """Slow attacks go on for two weeks, or to the end of the month."""
        return range(self.day, min(self.day + SLOW_DAYS, DAYS))

    def at(self, day: int, hour: float) -> datetime:
        """A local hour of a day, later by as much as this attack begins later than others of its sort."""
        return super().at(day, hour) + self.shift

    def works(self, day: int) -> bool:
        """Whether it is an ordinary day of work there."""
        return (FIRST_DAY + timedelta(days=day)).weekday() not in WEEKENDS[self.work]

    def configured(self) -> dict[str, Any]:
        """As somebody would configure it who knows nothing of telephone fraud, but when people work there."""
        hours = {"mon-sun": "00:00-24:00"} if self.kind in AROUND_THE_CLOCK else {self.work: "08:00-18:00"}
        return super().configured() | {
            "business_hours": hours, "routes": {"Emergency": {"emergency": True}},
            "emergency_numbers": [self.emergency],
        }  # fmt: skip

    def part(self, who: str) -> "Office":
        """The same office as one part of its life sees it."""
        return replace(self, who=who)

    def staged(self, attack: str, day: int, random: Random) -> "Office":
        """The same office as an attack meets it that begins on this day: other victims, another hour."""
        return replace(
            self, who=f"attack-{attack}", day=day, turned=random.randrange(self.extensions),
            shift=timedelta(seconds=random.randrange(-3_600, 7_200)),
        )  # fmt: skip


def offices(seed: int) -> list[Office]:
    """One office of each kind, each in another country."""
    random = Random(f"offices {seed}")  # noqa: S311 - traffic, not secrets
    drawn = zip(KINDS, random.sample(COUNTRIES, len(KINDS)), strict=True)
    return [office(seed, number, habits, country, random) for number, (habits, country) in enumerate(drawn)]


def office(seed: int, number: int, habits: Habits, country: Country, random: Random) -> Office:
    """One office, drawn."""
    partners = random.sample([one for one in PARTNERS if one != country.region], 6)
    return Office(
        pbx=f"{habits.name}-{country.region.lower()}-{seed}", region=country.region, timezone=country.timezone,
        international_prefix=country.prefix, access_digit=country.access,
        extensions=random.randint(*habits.extensions), office=f"192.0.2.{number * 20 + 10}",
        home=tuple(pattern_at_home(country.region, kind) for kind in (FIXED, MOBILE)),
        abroad=tuple(pattern(one, FIXED) for one in partners), calls_a_day=habits.calls_a_day, kind=habits.name,
        first=random.choice((101, 201, 1_001, 2_001)), emergency=country.emergency, work=country.work,
        share_abroad=habits.abroad, partners=partners, campaign=random.choice(CALLED_ALL_DAY),
    )  # fmt: skip


def pattern(region: str, kind: int) -> str:
    """A block of numbers of a country in digits with its code, the last four open."""
    return f"{example(region, kind)[:-4]}####"


def pattern_at_home(region: str, kind: int) -> str:
    """The same as it is dialled within the country."""
    return f"{national(example(region, kind))[:-4]}####"


@lru_cache
def example(region: str, kind: int) -> str:
    """A number that could be one of that country, in digits with its code."""
    found = phonenumbers.example_number_for_type(region, kind)
    assert found is not None, f"{region} has no numbers of this kind"
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


def somebody(random: Random, region: str) -> str:
    """A number of that country drawn from all over it, in digits with its code."""
    usual = example(region, random.choice((FIXED, FIXED, MOBILE)))
    for _ in range(DRAWS):
        drawn = usual[:-OPEN_DIGITS] + "".join(str(random.randrange(10)) for _ in range(OPEN_DIGITS))
        if phonenumbers.is_valid_number(phonenumbers.parse(f"+{drawn}")):
            return drawn
    return usual


@lru_cache
def networks(region: str) -> tuple[str, ...]:
    """The beginnings of addresses of providers there, the same ones always."""
    random = Random(f"networks of {region}")  # noqa: S311 - traffic, not secrets
    drawn = (f"{random.randrange(2, 220)}.{random.randrange(256)}." for _ in range(ADDRESSES_DRAWN))
    there = (begin for begin in drawn if all(country_of(f"{begin}{rest}") == region for rest in ENDS))
    return tuple(islice(there, PROVIDERS))


def country_of(address: str) -> str | None:
    """Where an address is."""
    place = ADDRESSES.look_up(address)
    return None if place is None else place.country


def address_in(random: Random, region: str, provider: int) -> str:
    """An address of one of the providers there; 0 has the homes, 1 the mobiles, 2 the hotels."""
    return f"{networks(region)[provider]}{random.randrange(256)}.{random.randrange(1, 255)}"


def national(digits: str) -> str:
    """A number in digits with its code, as it is dialled within its country."""
    shown = phonenumbers.format_number(phonenumbers.parse(f"+{digits}"), phonenumbers.PhoneNumberFormat.NATIONAL)
    return "".join(char for char in shown if char.isdigit())
