"""Strangers dial abroad through DISA, the call-out of voicemail or callback (C23)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.findings import Subject
from detector.contract.kinds import DIAL_THROUGH
from detector.contract.visibility import one_of
from detector.contract.vocabulary import Severity, Stage, SubjectKind, Via
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, RiskyBegun, micros
from detector.detect.shared.attempts import resting, vouched
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Days, Params, Seconds

KEPT = 32
WAYS = frozenset({Via.DISA, Via.VOICEMAIL, Via.CALLBACK})


@register
class CallDisa(Detector[Call]):
    """Fires on the Nth call abroad, or costly, to new blocks that goes out by DISA, voicemail or callback in `window`.

    And for each one more, for each goes to another number. While fewer than `days` days were watched all is new: a
    warning by night, information by day.

    Quiet when: the block was called on `days` earlier days; a few such calls; calls at home; emergency calls.
    Runbook: turn DISA and the call-out of voicemail off, or change their PINs; hang up what is still up.
    """

    id = "call.disa"
    control = "C23"
    subject = SubjectKind.EXTENSION
    severity = Severity.CRITICAL
    stage = Stage.PUMPING
    kind = DIAL_THROUGH
    attack = ("T1496",)
    reads = (RiskyBegun,)
    needs = (one_of("via", WAYS),)

    class Limits(Params):
        """`calls` within `window` seconds; a block is known after calls on `days` earlier days."""

        calls: Annotated[PositiveInt, Field(le=KEPT)] = 3
        window: Seconds = 3_600
        days: Days = 3

    limits: Limits
    called = Distinct("called")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.via not in WAYS or not facts.risky or not facts.new_block(self.limits.days):
            return None
        calls = self.called.add(memory, event.via, digest(event.call_id), facts.at, micros(self.limits.window),
                                      cap=KEPT, solid=vouched(event))  # fmt: skip
        if calls < self.limits.calls:
            return None
        sure = self.called.vouched(memory, event.via)
        links = (Subject(SubjectKind.TRUNK, event.trunk_in),) if event.trunk_in else ()
        return self.hit(
            facts.extension, f"{calls} calls abroad by {event.via} to numbers that are new here", calls=calls,
            limit=self.limits.calls, window=self.limits.window, severity=facts.sure(self.limits.days),
            basis=resting(sure, self.limits.calls), links=links,
        )  # fmt: skip
