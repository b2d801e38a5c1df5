"""A PBX is far busier than is usual in this hour of its week (C28)."""

from typing import Annotated

from pydantic import Field

from detector.contract.events import Call
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import OUTSIDE, Detector, Ended, Hit, micros
from detector.enrich.facts import Facts
from detector.enrich.scores import Excess
from detector.memory.fields import Memory, Once
from detector.settings.params import Params, Seconds


@register
class PbxRate(Detector[Call]):
    """Fires when calls, minutes, cost, destinations or failures of an hour are `spreads` over its baseline, or ramp up.

    The baseline is that of the hour of the week, a holiday a Sunday; see `models/rates.py`. Only information: it is
    read with what else is found. The same measure is said again after `pause`.

    Quiet when: fewer than a week of hours is known; the same was so in the weeks before; one call more than usual.
    Runbook: look at which extensions made the calls of this hour; most often somebody began to do something new.
    """

    id = "pbx.rate"
    control = "C28"
    subject = SubjectKind.PBX
    severity = Severity.INFO
    stage = Stage.PUMPING
    basis = Basis.SCORE
    attack = ("T1496",)
    reads = (Ended,)
    needs = OUTSIDE

    class Limits(Params):
        """`spreads`: by how many times the usual spread an hour is over its baseline.

        `ramp`: how many times over that of the months before the last weeks are; `pause` until it is said again.
        """

        spreads: Annotated[float, Field(ge=3)] = 8
        ramp: Annotated[float, Field(ge=1.5)] = 3.0
        pause: Seconds = 3_600

    limits: Limits
    said = Once("said")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if facts.score is None or not facts.score.excess:
            return None
        limits = self.limits
        loud = [each for each in facts.score.excess if each.spreads >= limits.spreads or each.ramp >= limits.ramp]
        if not loud:
            return None
        most = max(loud, key=lambda each: (each.spreads >= limits.spreads, each.ramp, each.spreads))
        if not self.said.passed(memory, most.name, facts.at, micros(self.limits.pause)):
            return None
        values = {f"spreads_{each.name}": round(each.spreads, 1) for each in loud}
        return Hit(
            subject=event.pbx, severity=self.severity,
            summary=self._said(most),
            values={**values, "spreads": round(most.spreads, 1), "limit": self.limits.spreads,
                    "amount": round(most.amount, 1), "expected": round(most.expected, 1),
                    "ramp": round(most.ramp, 2), "limit_ramp": self.limits.ramp},
        )  # fmt: skip

    def _said(self, most: Excess) -> str:
        if most.spreads >= self.limits.spreads:
            return f"{most.amount:,.0f} {WORDS[most.name]} within an hour where {most.expected:,.1f} are usual"
        return f"{most.ramp:.1f} times as many {WORDS[most.name]} in the last weeks as in the months before"


WORDS = {
    "calls": "calls", "minutes": "minutes", "cost": "minor units of money", "destinations": "destinations",
    "failures": "failed calls",
}  # fmt: skip
