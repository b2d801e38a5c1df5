"""Runs a month through the engine, and judges what it made of it."""

from collections.abc import Sequence
from random import Random

from msgspec import Struct

from detector.contract.events import AnyEvent
from detector.contract.findings import AnyFinding, Decision, Detection, Incident, Severity
from detector.engine.engine import Engine
from detector.engine.scores import CallModel
from detector.engine.site import Tables
from detector.enrich.addresses import AddressTable
from detector.settings import Settings
from models.calls import Calls
from models.places import Places
from streams.backtest.events import seconds
from streams.backtest.judge import acting, alarming, findings, names
from streams.backtest.slow import known
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


class Found(Struct, frozen=True, kw_only=True):
    """What came of an attack: `named` is whether an incident names the right subject, `incidents` how many do.

    `delay` in seconds from its first event, `spent` in minor units of money when it was decided to act, or in the end.
    """

    attack: str
    pbx: str
    named: bool
    incidents: int
    kind: str
    kind_right: bool
    contained: bool
    delay: float
    spent: int
    title: str
    rules: tuple[str, ...]


def findings_of(site: Site, events: Sequence[AnyEvent], calls: CallModel | None) -> list[AnyFinding]:
    """All findings, up to an hour after the last event."""
    engine = Engine(Settings.model_validate({"pbxs": [site.configured()]}), TABLES, Places(), calls)
    found = list(findings(engine, site.pbx, events, max(event.at for event in events) + seconds(3_600)))
    assert not engine.errors, engine.errors
    return found


def judged_quiet(site: Site, seed: int, *, models: bool = True) -> Quiet:
    """An honest month; without `models` no call is scored."""
    events = honest(site, seed)
    found = findings_of(site, events, Calls() if models else None)
    rules: dict[str, int] = {}
    for finding in found:
        if isinstance(finding, Detection) and finding.severity is not Severity.INFO:
            rules[finding.rule] = rules.get(finding.rule, 0) + 1
    return Quiet(
        extension_days=site.extensions * DAYS, incidents=tuple(alarming(found)), containments=tuple(acting(found)),
        rules=rules, events=len(events),
    )  # fmt: skip


def judged_attack(site: Site, name: str, seed: int, *, models: bool = True) -> Found:
    """An attack woven into an honest month; what the honest part alone leads to is left out."""
    made = known()[name](site, Random(f"{seed} {name} {site.pbx}"))  # noqa: S311 - traffic, not secrets
    events = sorted([*honest(site, seed), *made.events], key=lambda event: (event.received_at or event.at, event.id))
    found = findings_of(site, events, Calls() if models else None)
    begun = min(event.at for event in made.events)
    ours = {event.id for event in made.events}
    detections = {one.id: one for one in found if isinstance(one, Detection) and ours & set(one.evidence)}
    named = [one for one in alarming(found) if set(one.detections) & detections.keys()]
    right = [one for one in named if names(one, made)]
    decisions = [one for one in acting(found) if one.incident in {incident.id for incident in named}]
    first = next((one for one in found if isinstance(one, Detection) and one.id in detections), None)
    told = right[0] if right else named[0] if named else None
    spent = [one.loss.spent for one in found if isinstance(one, Incident) and told is not None and one.id == told.id
             and (not decisions or one.at <= decisions[0].at)]  # fmt: skip
    return Found(
        attack=name, pbx=site.pbx, named=bool(right), incidents=len(named), kind=told.kind if told else "",
        kind_right=told is not None and (not made.kinds or told.kind in made.kinds), contained=bool(decisions),
        delay=(first.at - begun).total_seconds() if first else float("inf"), spent=max(spent, default=0),
        title=told.title if told else "", rules=tuple(sorted({one.rule for one in detections.values()})),
    )  # fmt: skip
