"""The calls of one extension cost more within a day than it may spend; seen while they are still up (C25)."""

from pydantic import PositiveFloat

from detector.contract.events import Call
from detector.contract.visibility import Want
from detector.contract.vocabulary import Basis, Mode, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import CHARGED, Detector, Hit, Risky
from detector.detect.shared.spending import DAY, MINUTE, cost, is_strange, micro, rate, risky, whole
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Once, Sum
from detector.settings.params import Params


@register
class CallCost(Detector[Call]):
    """Fires when calls abroad and costly ones of one extension within 24 hours have cost `amount`, once in that time.

    Where it takes calls to countries and blocks of numbers that are called every day, it is at most asked what to do.

    Quiet when: it spends less; calls at home, however many; emergency and internal calls.
    Runbook: ask the user; if the calls are honest, raise the amount for the extension or its group.
    """

    id = "call.cost"
    control = "C25"
    subject = SubjectKind.EXTENSION
    severity = Severity.CRITICAL
    stage = Stage.PUMPING
    attack = ("T1496",)
    most = Mode.ASK
    reads = (Risky,)
    lives_on = ((Want("call.answered", CHARGED),), (Want("call.ended", (*CHARGED, "talk|answered_at")),))

    class Limits(Params):
        """`amount` in the PBX's currency, by the operator's tariff or else by default prices."""

        amount: PositiveFloat = 100

    limits: Limits
    spent = Sum("spent")
    sure = Sum("sure")
    said = Once("said")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not leg.extension or not facts.risky or not (facts.answered_now or facts.ended_now):
            return None
        if facts.ended_now:
            self.spent.add(memory, leg.extension, facts.at, cost(leg, facts.at), DAY)
            if is_strange(leg, memory, facts.at):
                self.sure.add(memory, leg.extension, facts.at, cost(leg, facts.at), DAY)
        return self._judge(leg.key, leg.extension, facts, memory)

    def due(self, key: str, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        return self._judge(key, leg.extension, facts, memory) if leg is not None and leg.up else None

    def _judge(self, key: str, extension: str, facts: Facts, memory: Memory) -> Hit | None:
        up, limit = risky(facts.ledger.up(SubjectKind.EXTENSION, extension)), micro(self.limits.amount)
        total = self.spent.total(memory, extension, facts.at, DAY) + sum(cost(leg, facts.at) for leg in up)
        if total < limit:
            if rate(up):
                wait = max(MINUTE, (limit - total) * MINUTE // rate(up))
                facts.timers.wake(self.id, key, facts.at + wait)
            return None
        if not self.said.passed(memory, extension, facts.at, DAY):
            return None
        strange = sum(cost(leg, facts.at) for leg in up if is_strange(leg, memory, facts.at))
        sure = self.sure.total(memory, extension, facts.at, DAY) + strange
        return self.hit(
            extension, f"Extension {extension} has spent {whole(total):,.2f} {facts.profile.currency} within a day",
            key=f"{extension}\x1f{facts.at}", amount=whole(total), limit=self.limits.amount,
            basis=None if sure >= limit else Basis.LIMIT,
        )  # fmt: skip
