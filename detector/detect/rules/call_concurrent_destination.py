"""More calls are up to one block of numbers abroad than honest callers make at once (C28)."""

from collections.abc import Collection

from pydantic import PositiveInt

from detector.contract.events import Call
from detector.contract.visibility import Want
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import OUTSIDE, Detector, Hit, RiskyBegun, micros
from detector.detect.shared.records import BITS, LOOK_BACK, basis_of, instant, recorded, rest_on, span_of
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.memory.fields import Memory, Once, digest
from detector.memory.spans import Spans, most_at_once
from detector.settings.params import Days, Params, Seconds

EACH = 3
"""Calls at once to a usual block for each extension that calls it regularly."""
HALF = (1 << 30) - 1
"""Of a recorded call its caller and its number are remembered, in so many bits each."""


@register
class CallConcurrentDestination(Detector[Call]):
    """Fires when the Nth call is up to one block of numbers abroad or costly, whoever makes them; again after `pause`.

    Only a warning up to `usual` where many extensions call one number within business hours, as for a conference.
    While fewer than `days` days were watched all is new: a warning by night, information by day. Where only records
    tell of calls, those count that lay over one another, once the last of them is over.

    Quiet when: the block was called on `days` earlier days and fewer than `usual` calls are up, or than three for each
    extension that calls it regularly; calls at home; several legs of one call; emergency and internal calls.
    Runbook: hang up, block the numbers on the PBX, find out which extensions and passwords are in foreign hands.
    """

    id = "call.concurrent_destination"
    control = "C28"
    subject = SubjectKind.DESTINATION
    severity = Severity.CRITICAL
    stage = Stage.PUMPING
    attack = ("T1496",)
    reads = (RiskyBegun,)
    lives_on = ((Want("call.started|answered", OUTSIDE),), (Want("call.ended", (*OUTSIDE, "started_at")),))

    class Limits(Params):
        """`calls` up at once to a new block; `pause` until said again.

        To one called on `days` earlier days three for each extension that calls it regularly, up to `usual`.
        """

        calls: PositiveInt = 5
        usual: PositiveInt = 30
        days: Days = 3
        pause: Seconds = 300

    limits: Limits
    said = Once("said")
    over = Spans("over")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not leg.block or not facts.risky:
            return None
        limit = self._limit(facts)
        if not leg.up:
            return self._recorded(event, leg, facts, memory, limit) if recorded(leg, facts) else None
        calls = facts.ledger.calls(SubjectKind.DESTINATION, leg.block)
        if calls < limit or not self.said.passed(memory, leg.block, facts.at, micros(self.limits.pause)):
            return None
        legs = facts.ledger.up(SubjectKind.DESTINATION, leg.block)
        alike = conference([(each.extension, each.destination) for each in legs])
        together = alike and not any(each.costly for each in legs)
        weak = rest_on(legs, limit) or self._habit(facts)
        return self.hit(leg.block, f"{calls} calls at once to {leg.block}", basis=weak,
                        severity=self._severity(leg, facts, calls, together), calls=calls, limit=limit)  # fmt: skip

    def _limit(self, facts: Facts) -> int:
        """A usual block is called at once by about as many as call it day by day."""
        calls, usual = self.limits.calls, self.limits.usual
        return calls if facts.new_block(self.limits.days) else max(calls, min(usual, EACH * facts.block_callers))

    def _recorded(self, event: Call, leg: Leg, facts: Facts, memory: Memory, limit: int) -> Hit | None:
        """The calls that lay over one that is over, by their records."""
        about = (digest(leg.extension) >> 1 & HALF) << 30 | digest(leg.destination) >> 1 & HALF
        found = self.over.add(memory, leg.block, span_of(leg, event, facts, about), LOOK_BACK,
                              cap=2 * max(self.limits.calls, self.limits.usual))  # fmt: skip
        if len(found) < limit:
            return None
        moment, up = most_at_once(found)
        if len(up) < limit or not self.said.passed(memory, leg.block, moment, micros(self.limits.pause)):
            return None
        together = conference([divmod(call.about >> BITS, 1 << 30) for call in up]) and not leg.costly
        return self.hit(
            leg.block, f"{len(up)} calls were at once to {leg.block}, their records say",
            basis=basis_of(up, limit) or self._habit(facts),
            severity=self._severity(leg, facts, len(up), together), calls=len(up), limit=limit, moment=instant(moment),
        )  # fmt: skip

    def _habit(self, facts: Facts) -> Basis | None:
        """More calls than ever to where calls go every day are a question, no proof."""
        return None if facts.new_block(self.limits.days) else Basis.LIMIT

    def _severity(self, leg: Leg, facts: Facts, calls: int, together: bool) -> Severity:
        """How bad it is; `together`: as those call who meet in a conference."""
        honest = together and calls < self.limits.usual and not leg.closed
        return facts.sure(self.limits.days, Severity.WARNING if honest else self.severity)


def conference(calls: Collection[tuple[object, object]]) -> bool:
    """Whether calls, by caller and number, are each of another caller, and all to one number."""
    return len({number for _, number in calls}) == 1 and len({caller for caller, _ in calls}) == len(calls)
