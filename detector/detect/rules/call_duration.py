"""A call is up longer than calls should be; seen while it is still up (C29)."""

from detector.contract.events import Call
from detector.contract.visibility import Want
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import OUTSIDE, Detector, Hit, micros
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.memory.fields import Memory
from detector.settings.params import Params, Seconds


@register
class CallDuration(Detector[Call]):
    """Fires when an answered outbound call reaches `limit`, once a call, and at its end if it was only seen then.

    Quiet when: national calls stay below `limit`, calls abroad and costly ones below `limit_abroad`.
    Runbook: ask the user whether the call is theirs, hang it up if nobody knows of it.
    """

    id = "call.duration"
    control = "C29"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PUMPING
    attack = ("T1496",)
    hangs_up = True
    reads = (Call,)
    lives_on = ((Want("call.answered", OUTSIDE),), (Want("call.ended", (*OUTSIDE, "talk|answered_at")),))

    class Limits(Params):
        """`limit` seconds of talk at home, `limit_abroad` abroad and to costly numbers."""

        limit: Seconds = 4 * 3_600
        limit_abroad: Seconds = 2 * 3_600

    limits: Limits

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not leg.answered or not facts.billable:
            return None
        limit = self._limit(leg)
        if facts.answered_now and leg.up:
            facts.timers.wake(self.id, leg.key, leg.answered + limit)
        elif facts.answered_now and leg.ended - leg.answered >= limit:
            return self._hit(facts, leg, leg.ended - leg.answered, limit)
        elif facts.ended_now and leg.ended - leg.answered < limit:
            facts.timers.cancel(self.id, leg.key, leg.answered + limit)
        return None

    def due(self, key: str, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.ledger.legs.get(key)
        if leg is None or not leg.answered:
            return None
        limit = self._limit(leg)
        talked = (leg.ended or facts.at) - leg.answered
        if talked >= limit:
            return self._hit(facts, leg, talked, limit)
        if leg.up:
            facts.timers.wake(self.id, key, leg.answered + limit)
        return None

    def _limit(self, leg: Leg) -> int:
        return micros(self.limits.limit_abroad if leg.abroad or leg.costly else self.limits.limit)

    def _hit(self, facts: Facts, leg: Leg, talked: int, limit: int) -> Hit:
        return self.hit(
            leg.extension, f"{facts.caller} is on one call for {talked // 60_000_000} minutes",
            key=leg.key, talk=talked // 1_000_000, limit=limit // 1_000_000,
            basis=Basis.LIMIT if leg.familiar else None,
        )  # fmt: skip
