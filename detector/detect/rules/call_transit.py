"""A call comes in over a trunk and goes out abroad over another: somebody uses the PBX as a way through (C22)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.findings import Subject
from detector.contract.kinds import DIAL_THROUGH
from detector.contract.vocabulary import Direction, Severity, Stage, SubjectKind, Via
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, RiskyBegun, micros
from detector.detect.shared.attempts import resting, vouched
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Params, Seconds
from detector.settings.values import Short

KEPT = 32
BY_PIN = frozenset({Via.DISA, Via.VOICEMAIL, Via.CALLBACK})
"""`call.disa` judges those."""


@register
class CallTransit(Detector[Call]):
    """Fires for each call from trunk to trunk, abroad or to a costly number, with which no extension is charged.

    Critical from the Nth within `window` on that came over one trunk.

    Quiet when: it came over one of `trunks`, such as another PBX of yours; an extension forwarded it; it stays at home;
    emergency calls.
    Runbook: hang up; close the inbound route that leads outside, and let trunks reach only what they must.
    """

    id = "call.transit"
    control = "C22"
    subject = SubjectKind.CALL
    severity = Severity.WARNING
    stage = Stage.PUMPING
    kind = DIAL_THROUGH
    attack = ("T1496",)
    reads = (RiskyBegun,)
    needs = ("direction=transit",)

    class Limits(Params):
        """`calls` within `window` seconds; `trunks` whose calls may pass through."""

        calls: Annotated[PositiveInt, Field(le=KEPT)] = 3
        window: Seconds = 3_600
        trunks: tuple[Short, ...] = ()

    limits: Limits
    passed = Distinct("passed")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or leg.direction != Direction.TRANSIT or facts.extension or not facts.risky:
            return None
        if event.via in BY_PIN:
            return None
        trunk = event.trunk_in or "unknown"
        if trunk in self.limits.trunks:
            return None
        calls = self.passed.add(memory, trunk, digest(event.call_id), facts.at, micros(self.limits.window),
                                      cap=KEPT, solid=vouched(event))  # fmt: skip
        many = calls >= self.limits.calls
        return self.hit(
            "", f"A call from outside over trunk {trunk} was let through to a number abroad or costly", calls=calls,
            limit=self.limits.calls, severity=Severity.CRITICAL if many else None,
            basis=resting(self.passed.vouched(memory, trunk), self.limits.calls) if many else None,
            links=(Subject(SubjectKind.TRUNK, trunk),),
        )  # fmt: skip
