"""More outbound calls are up on a trunk than it should ever carry (C28)."""

from pydantic import PositiveInt

from detector.contract.events import Call
from detector.contract.visibility import Want
from detector.contract.vocabulary import OUTWARD, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Begun, Detector, Hit, micros
from detector.detect.shared.records import LOOK_BACK, basis_of, instant, recorded, span_of
from detector.enrich.dialling.numbers import Klass
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.memory.fields import Memory, Once
from detector.memory.spans import Spans, most_at_once
from detector.settings.params import Params, Seconds


@register
class CallConcurrentTrunk(Detector[Call]):
    """Fires when the Nth outbound call is up on one trunk; again after `pause` at the earliest.

    A trunk's own `max_calls` in the configuration stands before `calls`. Where only records tell of calls, those count
    that lay over one another, once the last of them is over.

    Quiet when: several legs of one call on the same trunk; emergency calls.
    Runbook: see which extensions hold the calls; if it is honest traffic, raise the trunk's `max_calls`.
    """

    id = "call.concurrent_trunk"
    control = "C28"
    subject = SubjectKind.TRUNK
    severity = Severity.WARNING
    stage = Stage.PUMPING
    attack = ("T1496",)
    reads = (Begun,)
    lives_on = (
        (Want("call.started|answered", ("trunk",)),),
        (Want("call.ended", ("trunk", "started_at")),),
    )

    class Limits(Params):
        """`calls` up at once on a trunk; `pause` seconds before it is said again."""

        calls: PositiveInt = 30
        pause: Seconds = 300

    limits: Limits
    said = Once("said")
    over = Spans("over")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not leg.trunk or leg.klass == Klass.EMERGENCY:
            return None
        trunk = facts.profile.trunks.get(leg.trunk)
        limit = trunk.max_calls if trunk is not None and trunk.max_calls else self.limits.calls
        if not leg.up:
            return self._recorded(event, leg, facts, memory, limit) if recorded(leg, facts) else None
        calls = facts.ledger.calls(SubjectKind.TRUNK, leg.trunk)
        if calls < limit or not self.said.passed(memory, leg.trunk, facts.at, micros(self.limits.pause)):
            return None
        return self.hit(leg.trunk, f"{calls} outbound calls at once on trunk {leg.trunk}", calls=calls, limit=limit)

    def _recorded(self, event: Call, leg: Leg, facts: Facts, memory: Memory, limit: int) -> Hit | None:
        """The calls that lay over one that is over, by their records."""
        if leg.direction not in OUTWARD:
            return None
        found = self.over.add(memory, leg.trunk, span_of(leg, event, facts), LOOK_BACK, cap=2 * limit)
        if len(found) < limit:
            return None
        moment, up = most_at_once(found)
        if len(up) < limit or not self.said.passed(memory, leg.trunk, moment, micros(self.limits.pause)):
            return None
        return self.hit(
            leg.trunk, f"{len(up)} outbound calls were at once on trunk {leg.trunk}, their records say",
            basis=basis_of(up, limit), calls=len(up), limit=limit, moment=instant(moment),
        )  # fmt: skip
