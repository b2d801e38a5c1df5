"""What one PBX's settings compile to: number plan, calendars, tariff, and the detectors of each scope."""

from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from itertools import product
from typing import Any

import phonenumbers
from msgspec import Struct

from detector.contract.events import KINDS, Event, Login, Registration
from detector.detect.catalogue import detectors
from detector.detect.detector import Detector, kinds_of_call
from detector.enrich.addresses import AddressTable
from detector.enrich.blocklists import BlockLists
from detector.enrich.calendar import Calendar
from detector.enrich.dialling import numbering
from detector.enrich.dialling.numbers import Klass, NumberPlan
from detector.enrich.tariff import Tariff
from detector.settings import ExtensionProfile, PbxProfile, RuleSettings

Rows = tuple[tuple[str, str, int | str], ...]
RuleSet = dict[type[Event] | tuple[type[Event], str] | tuple[bool, bool, bool], tuple[Detector[Any], ...]]
"""Rules by what they read: registrations and logins by kind and outcome, calls by whether one begins here, ends here,
and is risky."""
JUDGED: dict[type[Event], tuple[str, ...]] = {
    kind: tuple(sorted(kind.ENUMS["outcome"])) for kind in (Registration, Login)
}
plan = lru_cache(maxsize=256)(NumberPlan)  # PBXs with equal settings share one, and its readings


class Tables(Struct, frozen=True):
    """Immutable tables the core reads, named in the log by `digests`.

    `tariffs` maps the path of an operator's tariff file to its rows (prefix, price a minute, increment).
    """

    addresses: AddressTable
    block_lists: BlockLists = BlockLists()
    tariffs: Mapping[str, Rows] = {}

    @property
    def digests(self) -> dict[str, str]:
        """Name to digest."""
        found = {"addresses": self.addresses.digest, "numbers": numbering.DIGEST}
        return found | {"block_lists": self.block_lists.digest} if self.block_lists else found


class Compiled:
    """One PBX as its profile describes it. Built once for each setting of the configuration."""

    def __init__(self, profile: PbxProfile, tables: Tables) -> None:
        self.profile = profile
        self.addresses = tables.addresses
        self.plan = number_plan(profile)
        self.tariff = tariff(profile, tables)
        self.calling_code = str(phonenumbers.country_code_for_region(profile.region) or "")
        self.trunk_addresses = tuple(host for trunk in profile.trunks.values() for host in trunk.hosts)
        self._calendars: dict[tuple[object, ...], Calendar] = {}
        self._calendar_of: dict[int, Calendar] = {}
        self._made: dict[int, Detector[Any]] = {}
        self._rules = self._ruleset(profile.rules)
        shared = {id(rules): self._ruleset(rules) for rules in profile.rules_of.values()}
        self._rules_of = {number: shared[id(rules)] for number, rules in profile.rules_of.items()}
        self.rules_by_id = frozenset(detectors())

    def rules_for(self, extension: str) -> RuleSet:
        """The detectors that hold for an extension, by the kind of event they read."""
        return self._rules_of.get(extension, self._rules)

    def rule(self, rule: str, extension: str) -> Detector[Any]:
        """One detector as it holds for an extension."""
        return self._instance(rule, self.profile.rule(rule, extension or None))

    def is_open(self, extension: str, at: int) -> bool:
        """Whether `at` (microseconds) lies within the business hours of an extension."""
        return self._calendar(extension).is_open(at)

    def season(self, extension: str, at: int) -> int:
        """The hour of the week of an extension, 0 to 167; a holiday is a Sunday."""
        return self._calendar(extension).season(at)

    def _calendar(self, extension: str) -> Calendar:
        own = self.profile.extension(extension or None)
        calendar = self._calendar_of.get(id(own))
        if calendar is None:
            calendar = self._calendar_of[id(own)] = self._made_calendar(own)
        return calendar

    def _made_calendar(self, own: ExtensionProfile) -> Calendar:
        """The calendar of an extension in its PBX's time zone; equal ones are the same object."""
        key = (own.business_hours, own.holidays)
        if key not in self._calendars:
            self._calendars[key] = Calendar(
                timezone=self.profile.timezone, business_hours=own.business_hours, holidays=own.holidays
            )
        return self._calendars[key]

    def _ruleset(self, settings: Mapping[str, RuleSettings]) -> RuleSet:
        made = [rule for name in detectors() if not (rule := self._instance(name, settings[name])).idle]
        rules: RuleSet = {kind: reading(made, {kind}) for kind in KINDS.values()}
        for kind, outcomes in JUDGED.items():
            for outcome in outcomes:
                rules[kind, outcome] = tuple(r for r in rules[kind] if r.outcomes is None or outcome in r.outcomes)
        for begins, ends, risky in product((False, True), repeat=3):
            rules[begins, ends, risky] = reading(made, kinds_of_call(begins=begins, ends=ends, risky=risky))
        return rules

    def _instance(self, rule: str, settings: RuleSettings) -> Detector[Any]:
        made = self._made.get(id(settings))
        if made is None:
            made = self._made[id(settings)] = detectors()[rule](settings.limits, settings.mode)
        return made


def number_plan(profile: PbxProfile) -> NumberPlan:
    """The plan of a PBX: its own only if it has extensions that look like numbers outside."""
    shared = partial(
        plan, region=profile.region, international_prefix=profile.international_prefix,
        access_digit=profile.access_digit, emergency_numbers=profile.emergency_numbers,
    )  # fmt: skip
    usual = shared()
    odd = tuple(sorted(one for one in profile.extensions if usual.read(one).klass is not Klass.INTERNAL))
    return shared(extensions=odd) if odd else usual


def reading(rules: Iterable[Detector[Any]], kinds: set[type[Event]]) -> tuple[Detector[Any], ...]:
    """The rules that read any of these kinds."""
    return tuple(rule for rule in rules if kinds.intersection(rule.reads))


def tariff(profile: PbxProfile, tables: Tables) -> Tariff:
    """The operator's prices: the file, and over it what the settings name."""
    rows: Iterable[tuple[str, str, int | str]] = tables.tariffs.get(str(profile.tariffs.file), ())
    named = ((prefix, str(price), 60) for prefix, price in profile.tariffs.prices.items())
    return Tariff.from_rows([*rows, *named], currency=profile.currency)
