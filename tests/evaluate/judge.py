"""Runs a month through the engine as the sources of a PBX tell it, and judges what it made of it."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import merge
from random import Random
from typing import NamedTuple

from msgspec import Struct

from detector.contract.events import AnyEvent
from detector.contract.findings import AnyFinding, Decision, Detection, Incident
from detector.contract.vocabulary import Severity
from detector.detect.catalogue import catalogue
from detector.engine.engine import Engine
from detector.enrich.addresses import AddressTable
from detector.enrich.premises import Premises, Tables
from detector.settings import Settings, profile
from models.places import Places
from models.unusual import Unusual
from streams.backtest.bench import keep_pages
from streams.backtest.bill import bill
from streams.backtest.effects import acting, alarming, findings
from streams.backtest.history import arrived, order
from streams.backtest.making import seconds
from streams.backtest.slow import known
from streams.backtest.trials import AFTERWARDS, Trial, TrialVerdict, judged
from tests.evaluate.month import honest
from tests.evaluate.profiles import IDEAL, Seen
from tests.evaluate.site import DAYS, Site

TABLES = Tables(addresses=AddressTable())


class Quiet(Struct, frozen=True, kw_only=True):
    """What came of an honest month at one PBX: what there should not be."""

    extension_days: int
    incidents: tuple[Incident, ...]
    containments: tuple[Decision, ...]
    rules: dict[str, int]
    events: int


class Attacked(NamedTuple):
    """What became of an attack, and the rules that find what they live on in what is told of it."""

    verdict: TrialVerdict
    sighted: frozenset[str]


class Month:
    """An honest month at one PBX as its sources tell it, with the memory of the mornings on which attacks begin.

    Without `models` no call is scored.
    """

    def __init__(self, site: Site, seed: int, seen: Seen = IDEAL, *, models: bool = True,
                 mornings: tuple[int, ...] = ()) -> None:  # fmt: skip
        self.site = site
        self.seen = seen
        self._seed = seed
        self._models = models
        self._events = sorted(seen.told(seen.happening(honest(site, seed))), key=order)
        self._mornings = mornings or (site.lasting[0], site.day)
        self._memory: dict[int, dict[str, bytes]] = {}
        self.quiet = self._live()

    def _engine(self) -> Engine:
        return Engine(settings_of(self.site), TABLES, Places(), Unusual() if self._models else None)

    def _live(self) -> Quiet:
        """All of it, up to an hour after the last event."""
        engine, pages = self._engine(), dict[str, bytes]()
        found: list[AnyFinding] = []
        begin = 0
        for morning in self._mornings:
            end = self._until(self.site.clock(morning, 0))
            for event in self._events[begin:end]:
                found += engine.process(event)
            keep_pages(pages, engine)
            self._memory[morning] = dict(pages)
            begin = end
        last = max(event.at for event in self._events) + seconds(3_600)
        found += findings(engine, self.site.pbx, self._events[begin:], last)
        assert not engine.errors, engine.errors
        return Quiet(
            extension_days=self.site.extensions * DAYS, incidents=tuple(alarming(found)),
            containments=tuple(acting(found)), rules=counted(found), events=len(self._events),
        )  # fmt: skip

    def _until(self, at: datetime) -> int:
        """How many events had been heard of by then."""
        return bisect_left(self._events, at, key=arrived)

    def attacked(self, name: str) -> Attacked:
        """What becomes of an attack woven into this month; what the honest part alone leads to is left out."""
        trial = Trial(attack=name, number=self._seed, day=self.site.day, seed=f"{self._seed} {name} {self.site.pbx}")
        made = known()[name](self.site, Random(trial.seed))  # noqa: S311 - traffic, not secrets
        happened = sorted(self.seen.happening(sorted(made.events, key=order)), key=order)
        of_it = {event.id: event for event in (*made.events, *happened)}
        configured = profile(settings_of(self.site), self.site.pbx, catalogue())
        costs = bill(made.events, Premises(configured, TABLES))
        found = self._woven(self.seen.told(happened))
        return Attacked(
            judged(trial, replace(made, events=[*of_it.values()]), found, costs), self.seen.sighted(happened)
        )

    def _woven(self, told: Sequence[AnyEvent]) -> list[AnyFinding]:
        """The findings from the morning on which what is told of an attack begins until two hours after its end."""
        if not told:
            return []
        morning = max(day for day in self._mornings if self.site.clock(day, 0) <= arrived(told[0]))
        end = max(event.at for event in told) + AFTERWARDS
        engine = self._engine()
        engine.load(self._memory[morning].items())
        around = self._events[self._until(self.site.clock(morning, 0)) : self._until(end)]
        found = list(findings(engine, self.site.pbx, merge(around, told, key=order), end))
        assert not engine.errors, engine.errors
        return found


def judged_quiet(site: Site, seed: int, *, models: bool = True) -> Quiet:
    """An honest month of which everything is told."""
    return Month(site, seed, models=models).quiet


def judged_attack(site: Site, name: str, seed: int, *, models: bool = True) -> TrialVerdict:
    """An attack of which everything is told."""
    return Month(site, seed, models=models).attacked(name).verdict


def settings_of(site: Site) -> Settings:
    """As the site stands in the configuration."""
    return Settings.model_validate({"pbxs": [site.configured()]})


def counted(found: Iterable[AnyFinding]) -> dict[str, int]:
    """How often each rule fired, information left out."""
    rules: dict[str, int] = {}
    for finding in found:
        if isinstance(finding, Detection) and finding.severity is not Severity.INFO:
            rules[finding.rule] = rules.get(finding.rule, 0) + 1
    return rules
