"""Many calls, or many minutes, to one block of numbers that this PBX never called (C28)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.visibility import Want
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import OUTSIDE, Detector, Hit, Risky, micros
from detector.detect.shared.attempts import resting, vouched
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.memory.fields import Distinct, Memory, Sum, digest
from detector.settings.params import Days, Params, Seconds

KEPT = 32
MINUTE = 60_000_000


@register
class CallNewBlock(Detector[Call]):
    """Fires on the Nth answered call within `window`, or at `minutes` of talk within a day, to one new block.

    It counts whoever calls, and then starts over. A country that is new counts as one block. Minutes of talk within
    business hours are only a warning, for so a new customer is called, too. While fewer than `days` days were watched
    all is new: a warning by night, information by day.

    Quiet when: the block was called on `days` earlier days; nobody answers; a few ordinary calls to a new customer;
    calls at home; several legs of one call; emergency and internal calls.
    Runbook: ask whoever called; if nobody knows the numbers, block them on the PBX and treat the extensions as stolen.
    """

    id = "call.new_block"
    control = "C28"
    subject = SubjectKind.DESTINATION
    severity = Severity.CRITICAL
    stage = Stage.PUMPING
    attack = ("T1496",)
    reads = (Risky,)
    lives_on = ((Want("call.answered", OUTSIDE),), (Want("call.ended", (*OUTSIDE, "talk|answered_at")),))

    class Limits(Params):
        """`calls` within `window` seconds, or `minutes` of talk within a day; known after `days` earlier days."""

        calls: Annotated[PositiveInt, Field(le=KEPT)] = 10
        window: Seconds = 900
        minutes: PositiveInt = 240
        days: Days = 3

    limits: Limits
    called = Distinct("called")
    talked = Sum("talked")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not facts.risky or not facts.new_block(self.limits.days):
            return None
        long = self._minutes(leg, facts, memory) if facts.ended_now and leg.talk else None
        many = self._calls(leg, event, facts, memory) if facts.answered_now else None
        return long or many

    def _calls(self, leg: Leg, event: Call, facts: Facts, memory: Memory) -> Hit | None:
        calls = self.called.add(memory, facts.area, digest(leg.call_id), leg.started, micros(self.limits.window),
                                      cap=KEPT, solid=vouched(event))  # fmt: skip
        if calls < self.limits.calls:
            return None
        sure = self.called.vouched(memory, facts.area)
        self.called.clear(memory, facts.area)
        return self.hit(
            facts.area, f"{calls} calls within {self.limits.window:.0f} s to {facts.area}, which is new here",
            severity=facts.sure(self.limits.days), calls=calls, limit=self.limits.calls, window=self.limits.window,
            basis=resting(sure, self.limits.calls),
        )  # fmt: skip

    def _minutes(self, leg: Leg, facts: Facts, memory: Memory) -> Hit | None:
        self.talked.add(memory, facts.area, facts.at, leg.talk, micros(86_400))
        minutes = self.talked.total(memory, facts.area, facts.at, micros(86_400)) // MINUTE
        if minutes < self.limits.minutes:
            return None
        self.talked.clear(memory, facts.area)
        most = self.severity if leg.closed else Severity.WARNING
        return self.hit(
            facts.area, f"{minutes} minutes within a day to {facts.area}, which is new here",
            severity=facts.sure(self.limits.days, most), minutes=minutes, limit=self.limits.minutes,
        )  # fmt: skip
