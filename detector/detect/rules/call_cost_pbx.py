"""The calls of one PBX cost more within a day than it may spend; seen while they are still up (C25)."""

from pydantic import PositiveFloat

from detector.contract.events import Call
from detector.contract.visibility import Want
from detector.contract.vocabulary import Mode, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import OUTSIDE, Detector, Hit, Risky
from detector.detect.shared.spending import DAY, MINUTE, cost, micro, risky, whole
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Once, Sum
from detector.settings.params import Params


@register
class CallCostPbx(Detector[Call]):
    """Fires when calls abroad and costly ones of all extensions within 24 hours have cost `amount`, once in that time.

    Quiet when: they spend less; calls at home, however many; emergency and internal calls.
    Runbook: see which extensions spend it; if the calls are honest, raise the amount.
    """

    id = "call.cost_pbx"
    control = "C25"
    subject = SubjectKind.PBX
    severity = Severity.WARNING
    stage = Stage.PUMPING
    attack = ("T1496",)
    most = Mode.ASK
    reads = (Risky,)
    lives_on = ((Want("call.answered", OUTSIDE),), (Want("call.ended", (*OUTSIDE, "talk|answered_at")),))

    class Limits(Params):
        """`amount` in the PBX's currency, by the operator's tariff or else by default prices."""

        amount: PositiveFloat = 1_000

    limits: Limits
    spent = Sum("spent")
    said = Once("said")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not facts.risky or not (facts.answered_now or facts.ended_now):
            return None
        if leg.up:
            self._later(facts)
            return None
        self.spent.add(memory, "", facts.at, cost(leg, facts.at), DAY)
        return self._judge(self.spent.total(memory, "", facts.at, DAY), facts, memory)

    def due(self, key: str, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        up = risky(facts.ledger.legs.values())
        if up:
            self._later(facts)
        total = self.spent.total(memory, "", facts.at, DAY) + sum(cost(leg, facts.at) for leg in up)
        return self._judge(total, facts, memory)

    def _later(self, facts: Facts) -> None:
        """Look again at the next full minute."""
        facts.timers.wake(self.id, "", facts.at - facts.at % MINUTE + MINUTE)

    def _judge(self, total: int, facts: Facts, memory: Memory) -> Hit | None:
        if total < micro(self.limits.amount) or not self.said.passed(memory, "", facts.at, DAY):
            return None
        return self.hit(
            facts.profile.pbx, f"Calls have cost {whole(total):,.2f} {facts.profile.currency} within a day",
            key=str(facts.at), amount=whole(total), limit=self.limits.amount,
        )  # fmt: skip
