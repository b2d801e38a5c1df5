"""What came of events: all findings, who is alarmed, what is done, and whether an attack was named."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeGuard

from detector.contract.events import AnyEvent, Tick
from detector.contract.findings import AnyFinding, Decision, Detection, Incident
from detector.contract.vocabulary import Mode, Severity
from detector.engine.engine import Engine
from streams.backtest.attacks import Attack


def findings(engine: Engine, pbx: str, events: Iterable[AnyEvent], until: datetime) -> Iterator[AnyFinding]:
    """All findings of one PBX up to `until`, whatever falls due until then included."""
    for event in events:
        yield from engine.process(event)
    yield from engine.process(Tick(pbx=pbx, id=f"tick:{until.isoformat()}", at=until))


def names(incident: Incident, made: Attack) -> bool:
    """Whether one of those who must be named is; a destination counts by the beginning of its number."""
    subjects = {(subject.kind.value, subject.id) for subject in incident.subjects}
    return any(
        (kind, id_) in subjects
        or (kind == "destination" and any(k == kind and other.startswith(id_) for k, other in subjects))
        for kind, id_ in made.subjects
    )


def alarming(found: Sequence[AnyFinding]) -> list[Incident]:
    """Incidents as they were in the end, that somebody is woken for; those merged into others count with them."""
    last = {one.id: one for one in found if isinstance(one, Incident)}
    return [one for one in last.values() if one.severity is not Severity.INFO and one.status != "merged"]


def counts(one: Detection) -> bool:
    """Whether a detection alarms somebody: neither information nor rehearsed only."""
    return one.severity is not Severity.INFO and one.mode is not Mode.SHADOW


def acting(found: Sequence[AnyFinding]) -> list[Decision]:
    """Decisions that are carried out without anybody being asked."""
    last = {one.id: one for one in found if isinstance(one, Decision)}
    return [one for one in last.values() if acts(one)]


def acts(one: AnyFinding) -> TypeGuard[Decision]:
    """Whether this is carried out without anybody being asked."""
    return isinstance(one, Decision) and one.mode is Mode.AUTO and one.refused is None
