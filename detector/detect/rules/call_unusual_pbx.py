"""One extension after the other makes a call abroad that is unlike all that the PBX ever did (C28)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, RiskyEnded, micros
from detector.detect.shared.oddness import Oddness, odd, told
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, digest

KEPT = 32


@register
class CallUnusualPbx(Detector[Call]):
    """Fires when the Nth extension within `window` ends an unusual call.

    What is unusual is as in `call.unusual`; one call each is too few for that.

    Quiet when: the PBX made fewer than 200 calls so far; it is one extension that makes them.
    Runbook: ask the users for these calls; if nobody knows them, look for who can dial out by the PBX: a shared PIN,
    forwardings, DISA, an administrator's account.
    """

    id = "call.unusual_pbx"
    control = "C28"
    subject = SubjectKind.PBX
    severity = Severity.WARNING
    stage = Stage.PROBE
    basis = Basis.SCORE
    attack = ("T1496",)
    reads = (RiskyEnded,)
    needs = ("extension",)

    class Limits(Oddness):
        """`calls` of as many extensions within `window`, as unusual as `bits` and `share` say in `call.unusual`."""

        calls: Annotated[PositiveInt, Field(le=KEPT)] = 4
        bits: Annotated[float, Field(ge=0)] = 40

    limits: Limits
    seen = Distinct("seen")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        score = odd(facts, self.limits)
        if score is None:
            return None
        extension = digest(facts.extension)
        calls = self.seen.add(memory, "", extension, facts.at, micros(self.limits.window), cap=KEPT)
        if calls < self.limits.calls:
            return None
        self.seen.clear(memory, "")
        summary = f"{calls} extensions made calls unlike any before"
        values = told(score, calls, self.limits, facts.at)
        return Hit(subject=event.pbx, summary=summary, severity=self.severity, values=values)
