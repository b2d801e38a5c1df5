"""Runs a month through the engine, and judges what it made of it."""

from collections.abc import Sequence
from random import Random

from msgspec import Struct

from detector.contract.events import AnyEvent
from detector.contract.findings import AnyFinding, Decision, Detection, Incident
from detector.contract.vocabulary import Severity
from detector.detect.catalogue import catalogue
from detector.engine.engine import Engine
from detector.enrich.addresses import AddressTable
from detector.enrich.premises import Premises, Tables
from detector.enrich.scores import Models
from detector.settings import Settings, profile
from models.places import Places
from models.unusual import Unusual
from streams.backtest.bill import bill
from streams.backtest.effects import acting, alarming, findings
from streams.backtest.history import order
from streams.backtest.making import seconds
from streams.backtest.slow import known
from streams.backtest.trials import Trial, TrialVerdict, judged
from tests.evaluate.month import honest
from tests.evaluate.site import DAYS, Site

TABLES = Tables(addresses=AddressTable())


class Quiet(Struct, frozen=True, kw_only=True):
    """What came of an honest month at one PBX: what there should not be."""

    extension_days: int
    incidents: tuple[Incident, ...]
    containments: tuple[Decision, ...]
    rules: dict[str, int]
    events: int


def settings_of(site: Site) -> Settings:
    """As the site stands in the configuration."""
    return Settings.model_validate({"pbxs": [site.configured()]})


def findings_of(site: Site, events: Sequence[AnyEvent], models: Models | None) -> list[AnyFinding]:
    """All findings, up to an hour after the last event."""
    engine = Engine(settings_of(site), TABLES, Places(), models)
    found = list(findings(engine, site.pbx, events, max(event.at for event in events) + seconds(3_600)))
    assert not engine.errors, engine.errors
    return found


def judged_quiet(site: Site, seed: int, *, models: bool = True) -> Quiet:
    """An honest month; without `models` no call is scored."""
    events = honest(site, seed)
    found = findings_of(site, events, Unusual() if models else None)
    rules: dict[str, int] = {}
    for finding in found:
        if isinstance(finding, Detection) and finding.severity is not Severity.INFO:
            rules[finding.rule] = rules.get(finding.rule, 0) + 1
    return Quiet(
        extension_days=site.extensions * DAYS, incidents=tuple(alarming(found)), containments=tuple(acting(found)),
        rules=rules, events=len(events),
    )  # fmt: skip


def judged_attack(site: Site, name: str, seed: int, *, models: bool = True) -> TrialVerdict:
    """An attack woven into an honest month; what the honest part alone leads to is left out."""
    trial = Trial(attack=name, number=seed, day=site.day, seed=f"{seed} {name} {site.pbx}")
    made = known()[name](site, Random(trial.seed))  # noqa: S311 - traffic, not secrets
    events = sorted([*honest(site, seed), *made.events], key=order)
    found = findings_of(site, events, Unusual() if models else None)
    configured = profile(settings_of(site), site.pbx, catalogue())
    return judged(trial, made, found, bill(made.events, Premises(configured, TABLES)))
