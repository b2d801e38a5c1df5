"""More calls are up to one block of numbers abroad than honest callers make at once (C28)."""

from pydantic import PositiveInt

from detector.contract.events import Call
from detector.contract.visibility import Want
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import OUTSIDE, Detector, Hit, RiskyBegun, micros
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.memory.fields import Memory, Once
from detector.settings.params import Days, Params, Seconds


@register
class CallConcurrentDestination(Detector[Call]):
    """Fires when the Nth call is up to one block of numbers abroad or costly, whoever makes them; again after `pause`.

    Only a warning up to `usual` where many extensions call one number within business hours, as for a conference.
    While fewer than `days` days were watched all is new: a warning by night, information by day.

    Quiet when: the block was called on `days` earlier days and fewer than `usual` calls are up; calls at home; several
    legs of one call; emergency and internal calls.
    Runbook: hang up, block the numbers on the PBX, find out which extensions and passwords are in foreign hands.
    """

    id = "call.concurrent_destination"
    control = "C28"
    subject = SubjectKind.DESTINATION
    severity = Severity.CRITICAL
    stage = Stage.PUMPING
    attack = ("T1496",)
    reads = (RiskyBegun,)
    lives_on = ((Want("call.started|answered", OUTSIDE),),)

    class Limits(Params):
        """`calls` up at once to a new block, `usual` to one called on `days` earlier days; `pause` until said again."""

        calls: PositiveInt = 5
        usual: PositiveInt = 30
        days: Days = 3
        pause: Seconds = 300

    limits: Limits
    said = Once("said")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not leg.up or not leg.block or not facts.risky:
            return None
        calls = facts.ledger.calls(SubjectKind.DESTINATION, leg.block)
        limit = self.limits.calls if facts.new_block(self.limits.days) else self.limits.usual
        if calls < limit or not self.said.passed(memory, leg.block, facts.at, micros(self.limits.pause)):
            return None
        legs = facts.ledger.up(SubjectKind.DESTINATION, leg.block)
        together = calls < self.limits.usual and not leg.closed and conference(legs)
        most = Severity.WARNING if together else self.severity
        return self.hit(leg.block, f"{calls} calls at once to {leg.block}",
                        severity=facts.sure(self.limits.days, most), calls=calls, limit=limit)  # fmt: skip


def conference(legs: list[Leg]) -> bool:
    """Whether these calls are each of another extension, and all to one ordinary number."""
    callers, numbers = {leg.extension for leg in legs}, {leg.destination for leg in legs}
    return len(numbers) == 1 and len(callers) == len(legs) and not any(leg.costly for leg in legs)
