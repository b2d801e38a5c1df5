"""From the firing of a rule to the detection that is told."""

import msgspec

from detector.contract.codec import from_micros
from detector.contract.events import Event
from detector.contract.findings import Context, Detection, Subject, Value
from detector.contract.ids import derive_id
from detector.contract.vocabulary import Basis, SubjectKind, Trust
from detector.detect.catalogue import AnyDetector
from detector.detect.detector import Hit
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Window

MINUTE_MICROS = 60_000_000
MAX_EVIDENCE = 32
MAX_SAID = 15
"""Detections a minute of one rule, about one subject and one block of numbers."""
said = Window("said")


def find_basis(rule: AnyDetector, hit: Hit, *, text: bool) -> Basis:
    """What kind of knowledge a firing rests on: what was read out of free text is no more than that."""
    return Basis.TEXT if text else hit.basis or rule.basis


def is_flood(rule: AnyDetector, hit: Hit, basis: Basis, facts: Facts, memory: Memory) -> bool:
    """Whether this was said so often lately that once more tells nothing: a flood of one sort stays bounded."""
    block = facts.leg.block if facts.leg is not None else ""
    what = f"{rule.id}\x1f{hit.subject}\x1f{hit.severity}\x1f{basis}\x1f{block}"
    if said.count(memory, what, facts.at, MINUTE_MICROS) >= MAX_SAID:
        return True
    said.add(memory, what, facts.at, MINUTE_MICROS, cap=MAX_SAID)
    return False


def make_detection(rule: AnyDetector, hit: Hit, event: Event | None, facts: Facts, basis: Basis, *,
                 late: bool, drill: bool) -> Detection:  # fmt: skip
    """A firing as everybody else is told of it."""
    profile, leg = facts.profile, facts.leg
    subject = Subject(rule.subject, hit.subject)
    if not hit.subject and leg is not None:
        subject = Subject(SubjectKind.CALL, leg.call_id)
    cause = hit.key or (event.id if event is not None else "")
    evidence = (event.id if event is not None else leg.event if leg is not None else "", *hit.evidence)
    return Detection(
        id=derive_id("detection", profile.pbx, drill, rule.id, hit.subject, cause), pbx=profile.pbx,
        tenant=profile.tenant, at=from_micros(facts.at), rule=rule.id, severity=hit.severity,
        subject=subject, summary=hit.summary, values=merge_values(hit, find_context(facts, subject, basis)),
        evidence=tuple(item for item in evidence if item)[:MAX_EVIDENCE], control=rule.control,
        attack=rule.attack, mode=rule.mode, late=late, drill=drill,
    )  # fmt: skip


def find_context(facts: Facts, subject: Subject, basis: Basis) -> Context:
    """What the engine itself knows of the matter."""
    leg = facts.leg if facts.leg is not None and facts.leg.klass else None
    listed = facts.fleet_source if subject.kind is SubjectKind.SOURCE_IP else facts.fleet_block
    return Context(
        destination=leg.destination if leg is not None else "",
        country=leg.country if leg is not None else "",
        klass=leg.klass if leg is not None else "",
        block=leg.block if leg is not None else "",
        fleet_pbxs=listed.pbxs if listed is not None else 0,
        trust=Trust.TEXT if basis is Basis.TEXT else None,
    )


def merge_values(hit: Hit, context: Context) -> dict[str, Value]:
    """What was measured, and what is known of the matter; unknown is absent."""
    values = {**hit.values, **msgspec.to_builtins(context)}
    return {name: value for name, value in values.items() if value is not None}
