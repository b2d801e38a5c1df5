"""What of a PBX's findings concerns the whole fleet: sightings of addresses and blocks of numbers that attack."""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from detector.contract.codec import Rejected, invalid, reject
from detector.contract.events import Instant
from detector.contract.findings import AnyFinding, Decision, Detection, Subject
from detector.contract.vocabulary import Act, DecisionStatus, Severity, SubjectKind
from detector.decide.guard import GuardFacts, veto
from detector.detect.catalogue import detectors
from detector.enrich.dialling.numbers import COSTLY, Klass

MAX_SIGHTING_BYTES = 1_024
TOLLED = COSTLY | {Klass.INTERNATIONAL}

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Hashed = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Sighting(Struct, frozen=True, kw_only=True):
    """One PBX, named by a keyed hash, was attacked from an address (`source_ip`) or for a block of numbers.

    `id` is the address (IPv6: its /64), or the beginning of the numbers. `detection` is the same whenever and by
    whomever the log is processed.
    """

    kind: Literal["source_ip", "destination"]
    id: Name
    rule: Name
    at: Instant
    detection: Name
    pbx: Hashed


def sightings_of(findings: Iterable[AnyFinding], hashed: Callable[[str], str]) -> list[Sighting]:
    """What others should know of these findings, which hold decisions together with the detections they rest on.

    An address counts where its detection led to a decision to block it that the guard let pass: so nothing private,
    protected, of a trunk or known as good is ever told. It may have been read out of text, for that is how a PBX tells
    of a lockout. A block of numbers counts for a critical detection, not read out of text, of a call abroad or to a
    costly number. Drills, late events, and what rests on the fleet list itself count for nothing.
    """
    findings = list(findings)
    blocked = {
        (because, finding.target)
        for finding in findings
        if isinstance(finding, Decision) and finding.action is Act.BLOCK_IP and finding.refused is None
        and finding.status is DecisionStatus.ACTIVE
        for because in finding.because
    }  # fmt: skip
    found = []
    for finding in findings:
        if not isinstance(finding, Detection) or not counts(finding):
            continue
        subject = finding.subject if (finding.id, finding.subject) in blocked else called(finding)
        if subject is not None and unlistable(subject) is None:
            found.append(Sighting(
                kind="source_ip" if subject.kind is SubjectKind.SOURCE_IP else "destination", id=subject.id,
                rule=finding.rule, at=finding.at, detection=finding.id, pbx=hashed(finding.pbx),
            ))  # fmt: skip
    return found


def counts(detection: Detection) -> bool:
    """Whether it is about an attack that happens now, as far as this PBX has seen it itself."""
    if detection.drill or detection.late or detection.severity is Severity.INFO:
        return False
    rule = detectors().get(detection.rule)
    return rule is None or not rule.from_fleet


def called(detection: Detection) -> Subject | None:
    """The block of numbers that attackers called."""
    if detection.severity is not Severity.CRITICAL or detection.subject.kind is SubjectKind.TRUNK:
        return None
    context = detection.context()
    if context.trust is not None or not context.block.startswith("+") or context.klass not in TOLLED:
        return None
    return Subject(SubjectKind.DESTINATION, context.block)


def unlistable(subject: Subject, facts: GuardFacts | None = None) -> str | None:
    """Why this must never stand on the fleet list: what must not be blocked anywhere, with `facts` of the fleet."""
    act = Act.BLOCK_IP if subject.kind is SubjectKind.SOURCE_IP else Act.BLOCK_NUMBER
    return veto(act, subject, facts or GuardFacts())


def encode(sighting: Sighting) -> bytes:
    """One JSON object in UTF-8."""
    return msgspec.json.encode(sighting)


def decode(raw: bytes) -> Sighting | Rejected:
    """The sighting that `encode` wrote; never raises, whatever the bytes."""
    if len(raw) > MAX_SIGHTING_BYTES:
        return reject(f"sighting of {len(raw)} bytes, allowed are {MAX_SIGHTING_BYTES}", raw)
    try:
        sighting = msgspec.json.decode(raw, type=Sighting)
    except msgspec.ValidationError as error:
        return invalid(error, raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return reject(str(error), raw)
    reason = unlistable(Subject(SubjectKind(sighting.kind), sighting.id))
    return sighting if reason is None else reject(reason, raw, "id")
