"""The stage of one attack: a PBX's own numbers and ways, another victim and hour in every trial."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from random import Random

import phonenumbers
from msgspec.structs import replace

from detector.contract.events import AnyEvent, Call, Registration
from detector.contract.visibility import Teller
from detector.settings import PbxProfile
from streams.backtest.attacks import Attack
from streams.backtest.history import History, Ways, likely, order
from streams.backtest.making import Maker
from streams.backtest.slow import known

VICTIMS = 5
"""Attacks choose among so many phones; where there are fewer, some are chosen twice."""
ELSEWHERE = ("442079460###",)
SHIFT = 3_600
LASTING = 14
"""Days of a slow attack."""


@dataclass
class Scene(Maker):
    """A PBX as its history shows it, on the day of an attack."""

    pbx: str
    label: str
    timezone: str
    international_prefix: str
    access_digit: str
    office: str
    home: Sequence[str]
    abroad: Sequence[str]
    phones: Sequence[str]
    trunk: str
    route: str
    first_day: date
    day: int
    shift: timedelta
    weekdays: frozenset[int]
    numbers: Iterator[int] = field(default_factory=count)

    def at(self, day: int, hour: float) -> datetime:
        """A local hour of a day, a little later in each trial."""
        return super().at(day, hour) + self.shift

    @property
    def lasting(self) -> range:
        """Two weeks from the day on which it begins."""
        return range(self.day, self.day + LASTING)

    def works(self, day: int) -> bool:
        """Whether people used to call out on this day of the week."""
        return (self.first_day + timedelta(days=day)).weekday() in self.weekdays


def scene(history: History, profile: PbxProfile, day: int, random: Random, label: str) -> Scene:
    """A stage: victims and hour are drawn, the rest is as usual there."""
    ways = history.ways
    phones = history.extensions
    random.shuffle(phones)
    return Scene(
        pbx=history.pbx, label=label, timezone=history.timezone, first_day=history.first, day=day,
        international_prefix=profile.international_prefix, access_digit=profile.access_digit,
        office=next(iter(likely(ways.sources)), "10.0.0.10"), home=home(ways, profile),
        abroad=likely(ways.abroad) or ELSEWHERE, phones=phones * -(-VICTIMS // len(phones)),
        trunk=next(iter([*likely(ways.trunks), *profile.trunks]), "trunk"),
        route=next(iter([*likely(ways.routes), *profile.routes]), "Outbound"),
        shift=timedelta(seconds=random.randrange(SHIFT)), weekdays=busy(ways),
    )  # fmt: skip


def busy(ways: Ways) -> frozenset[int]:
    """The days of the week with at least half as many calls as an average one."""
    return frozenset(day for day in range(7) if 14 * ways.weekdays[day] >= ways.weekdays.total())


def home(ways: Ways, profile: PbxProfile) -> list[str]:
    """Numbers at home as people dial them, without the digit for a line; else one that the country's plan names."""
    digit = profile.access_digit
    patterns = [pattern.removeprefix(digit) for pattern in likely(ways.home) if pattern.startswith(digit)]
    example = phonenumbers.example_number(profile.region)
    if patterns or example is None:
        return patterns or ["5550####"]
    shown = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    return ["".join(char for char in shown if char.isdigit())[:-4] + "####"]


def staged(name: str, history: History, profile: PbxProfile, day: int, seed: str) -> Attack:
    """One attack as the sources of this history would have told it: what they never tell of is left out."""
    made = played(name, history, profile, day, seed)
    told = made.events
    if history.gives is not None:
        teller = Teller(history.gives)
        told = [each for event in made.events if (each := teller.tell(event)) is not None]
    heard = [each for event in told if (each := as_heard(event, history.ways)) is not None]
    return Attack(heard, made.subjects, made.kinds)


def played(name: str, history: History, profile: PbxProfile, day: int, seed: str) -> Attack:
    """One attack as it happens, whoever tells of it."""
    random = Random(seed)  # noqa: S311 - traffic, not secrets
    made = known()[name](scene(history, profile, day, random, f"backtest {seed}"), random)
    return Attack(sorted(made.events, key=order), made.subjects, made.kinds)


def as_heard(event: AnyEvent, ways: Ways) -> AnyEvent | None:
    """An event as it would have come: call records alone tell of no phases, registrations or addresses."""
    if isinstance(event, Registration) and not ways.kinds["registration"]:
        return None
    if isinstance(event, Call):
        if ways.phases and not ways.phases[event.phase]:
            return None
        if not ways.located_calls and event.source_ip is not None:
            return replace(event, source_ip=None)
    return event
