"""From layers to profiles: defaults, tenant, PBX, group and extension laid over each other."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from detector.settings import national
from detector.settings.hours import Week, week
from detector.settings.layers import ExtensionSettings, Group, Pbx, Personal, Policy, Settings
from detector.settings.profile import ExtensionProfile, PbxProfile, Tariffs
from detector.settings.rules import Catalogue, Compiler

T = TypeVar("T")

UNLISTED = 4_096
"""Profiles kept of PBXs that are in no configuration."""

BUILT_IN = Policy.model_validate(
    {
        "region": "US",
        "access_digit": "",
        "business_hours": {"mon-fri": "08:00-18:00"},
        "mode": "notify",
        "emergency_numbers": [],
        "currency": "USD",
        "international": True,
        "allowed_source_countries": [],
        "allowed_destination_countries": [],
        "privacy": {"mask_numbers": False, "retention": {"raw": "30d", "findings": "400d"}},
    }
)
"""What holds where nothing is configured; time zone, exit code and holidays follow the region."""


class Policies:
    """The profiles of all PBXs under one configuration, each made when first asked for.

    `catalogue` is every rule's id and the class of its limits.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self._listed = {pbx.id: pbx for pbx in settings.pbxs}
        self._settings = settings
        self._compiler = Compiler(catalogue)
        self._profiles: dict[str, PbxProfile] = {}

    def of(self, pbx: str) -> PbxProfile:
        """The profile of a PBX; one that is not configured gets the defaults.

        Raises ValueError where the settings do not fit together; `problems` finds that beforehand.
        """
        if pbx not in self._profiles:
            if len(self._profiles) >= len(self._listed) + UNLISTED:
                self._forget_an_unlisted()
            self._profiles[pbx] = self._made(pbx)
        return self._profiles[pbx]

    def _forget_an_unlisted(self) -> None:
        del self._profiles[next(pbx for pbx in self._profiles if pbx not in self._listed)]

    def _made(self, pbx: str) -> PbxProfile:
        own = self._listed.get(pbx)
        if own is None:
            return replace(self._default, pbx=pbx)
        return flat(own, layers(self._settings, own), self._compiler)

    @cached_property
    def _default(self) -> PbxProfile:
        return flat(Pbx(id="default"), [BUILT_IN, self._settings.defaults], self._compiler)


def profile(settings: Settings, pbx: str, catalogue: Catalogue) -> PbxProfile:
    """The profile of one PBX; `Policies` keeps those of many."""
    return Policies(settings, catalogue).of(pbx)


def layers(settings: Settings, pbx: Pbx) -> list[Policy]:
    """The layers that hold for a PBX, most general first."""
    tenant = settings.tenants.get(pbx.tenant, Policy()) if pbx.tenant is not None else Policy()
    return [BUILT_IN, settings.defaults, tenant, pbx]


def groups_of(pbx: Pbx) -> dict[str, str | None]:
    """The group of every extension that is in one or has something of its own."""
    found: dict[str, str | None] = dict.fromkeys(pbx.extensions)
    for name, group in pbx.groups.items():
        found |= dict.fromkeys(group.members, name)
    return found | {number: own.group for number, own in pbx.extensions.items() if own.group is not None}


def personal(pbx: Pbx, number: str, group: str | None) -> list[Personal]:
    """The layers an extension has beyond its PBX's."""
    return [pbx.groups.get(group or "", Group()), pbx.extensions.get(number, ExtensionSettings())]


def flat(pbx: Pbx, chain: Sequence[Policy], compiler: Compiler) -> PbxProfile:
    """One PBX's profile from its layers. Raises ValueError where its time zone is not known."""
    home = at_home(chain)
    region = said(layer.region for layer in chain)
    retention = [layer.privacy.retention for layer in chain]
    groups = groups_of(pbx)
    own = {number: personal(pbx, number, group) for number, group in groups.items()}
    return PbxProfile(
        pbx=pbx.id,
        tenant=pbx.tenant or "",
        region=region,
        timezone=maybe(layer.timezone for layer in home) or national.timezone(region),
        international_prefix=exit_code(home, region),
        access_digit=said(layer.access_digit for layer in chain),
        business_hours=opening(chain),
        holidays=days_off(home, region),
        emergency_numbers=said(layer.emergency_numbers for layer in chain),
        tariffs=prices(chain),
        currency=said(layer.currency for layer in chain),
        protected=tuple(dict.fromkeys(entry for layer in chain for entry in layer.protected)),
        trunks=pbx.trunks,
        routes=pbx.routes,
        spares_emergency=pbx.spares_emergency,
        mask_numbers=said(layer.privacy.mask_numbers for layer in chain),
        raw_retention=said(kept.raw for kept in retention),
        findings_retention=said(kept.findings for kept in retention),
        everyone=one(chain, days_off(home, region)),
        extensions={
            number: one(
                [*chain, *layers],
                days_off([*home, *layers], region),
                groups[number],
                emergency_device(pbx, number),
            )
            for number, layers in own.items()
        },
        rules=compiler.rules(chain),
        rules_of={
            number: compiler.rules([*chain, *layers])
            for number, layers in own.items()
            if any(layer.rules or layer.mode for layer in layers)
        },
    )


def one(
    chain: Sequence[Personal],
    holidays: str | tuple[date, ...],
    group: str | None = None,
    emergency: bool = False,
) -> ExtensionProfile:
    """An extension's profile from all its layers."""
    return ExtensionProfile(
        group=group,
        allowed_source_countries=frozenset(said(layer.allowed_source_countries for layer in chain)),
        allowed_destination_countries=frozenset(said(layer.allowed_destination_countries for layer in chain)),
        international=said(layer.international for layer in chain),
        emergency_device=emergency,
        business_hours=opening(chain),
        holidays=holidays,
    )


def maybe(values: Iterable[T | None]) -> T | None:
    """The last value that is said, None if none is."""
    found = None
    for value in values:
        found = found if value is None else value
    return found


def said(values: Iterable[T | None]) -> T:
    """The last value that is said; `BUILT_IN` says something for all of them."""
    found = maybe(values)
    assert found is not None
    return found


def at_home(chain: Sequence[Policy]) -> Sequence[Policy]:
    """The layers that speak of the country the chain ends in: from the last that names another one on."""
    start, region = 0, None
    for index, layer in enumerate(chain):
        if layer.region is not None and layer.region != region:
            start, region = index, layer.region
    return chain[start:]


def exit_code(home: Sequence[Policy], region: str) -> str:
    """What is dialled before a foreign number, by the country's own plan where nothing is said."""
    prefix = maybe(layer.international_prefix for layer in home)
    return national.international_prefix(region) if prefix is None else prefix


def days_off(home: Sequence[Personal], region: str) -> str | tuple[date, ...]:
    """The public holidays, the country's own where nothing is said."""
    for layer in reversed(home):
        if layer.holidays is not None:
            return layer.holidays
    return national.holidays(region)


def opening(chain: Sequence[Personal]) -> Week:
    """The business hours, merged day by day."""
    return week({day: times for layer in chain for day, times in layer.business_hours.items()})


def prices(chain: Sequence[Policy]) -> Tariffs:
    """The tariff: a file replaces what more general layers say, a map adds to it."""
    file, named = None, dict[str, float]()
    for tariffs in (layer.tariffs for layer in chain):
        if isinstance(tariffs, Path):
            file, named = tariffs, {}
        elif tariffs is not None:
            named |= tariffs
    return Tariffs(named, file)


def emergency_device(pbx: Pbx, number: str) -> bool:
    """Whether an extension is never to be restricted or reset."""
    return number in pbx.extensions and pbx.extensions[number].emergency_device
