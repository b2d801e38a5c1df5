"""One extension holds more outbound calls at once than a person does (C28)."""

from pydantic import PositiveInt

from detector.contract.events import Call
from detector.contract.visibility import Want
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import CHARGED, Begun, Detector, Hit, micros
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Once
from detector.settings.params import Params, Seconds


@register
class CallConcurrentExtension(Detector[Call]):
    """Fires when the Nth outbound call of one extension is up at the same time; again after `pause` at the earliest.

    Members whom a conference has called count by a limit of their own. Only a warning as long as most are within
    business hours and at home, or to a block of numbers that was called on three earlier days.

    Quiet when: several legs of one call; internal and emergency calls.
    Runbook: hang up what the user does not know of, change the extension's password, look where it is registered.
    """

    id = "call.concurrent_extension"
    control = "C28"
    subject = SubjectKind.EXTENSION
    severity = Severity.CRITICAL
    stage = Stage.PUMPING
    attack = ("T1496",)
    reads = (Begun,)
    lives_on = ((Want("call.started|answered", CHARGED),),)

    class Limits(Params):
        """`calls` up at once, `conference` with members of conferences; `pause` seconds before it is said again."""

        calls: PositiveInt = 4
        conference: PositiveInt = 20
        pause: Seconds = 300

    limits: Limits
    said = Once("said")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not leg.up or not facts.extension or not facts.billable:
            return None
        calls = facts.ledger.calls(SubjectKind.EXTENSION, facts.extension)
        limit = self.limits.calls
        if calls < limit:
            return None
        up = facts.ledger.up(SubjectKind.EXTENSION, facts.extension)
        alone = {each.call_id for each in up if not each.conference}
        if len(alone) < limit and calls < (limit := max(limit, self.limits.conference)):
            return None
        odd = sum(each.closed or ((each.abroad or each.costly) and not each.familiar) for each in up)
        severity = self.severity if 2 * odd >= len(up) else Severity.WARNING
        if not self.said.passed(memory, f"{facts.extension} {severity}", facts.at, micros(self.limits.pause)):
            return None
        return self.hit(
            facts.extension, f"Extension {facts.extension} holds {calls} outbound calls at once",
            severity=severity, calls=calls, limit=limit,
        )  # fmt: skip
