"""The same number is tried behind one prefix after the other, until a call gets through (C25)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.kinds import PREFIX_HUNT
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import OUTSIDE, Detector, Ended, Hit, micros
from detector.detect.shared.attempts import resting, vouched
from detector.enrich.dialling.dialled import boil_down
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Params, Seconds

KEPT = 32


@register
class CallPrefixHunt(Detector[Call]):
    """Fires on the Nth different string with the same last digits that did not become a call within `window`.

    A call becomes one when it lasts longer than `talk`. Whoever tries counts; then it starts over.

    Quiet when: the same string is dialled again and again (a busy fax machine); the calls last; emergency and internal
    calls.
    Runbook: see where the caller is registered from; block the number on the PBX in every form.
    """

    id = "call.prefix_hunt"
    control = "C25"
    subject = SubjectKind.EXTENSION
    severity = Severity.CRITICAL
    stage = Stage.PROBE
    kind = PREFIX_HUNT
    attack = ("T1496",)
    reads = (Ended,)
    needs = OUTSIDE

    class Limits(Params):
        """`strings` within `window` seconds whose calls lasted at most `talk` seconds."""

        strings: Annotated[PositiveInt, Field(le=KEPT)] = 5
        window: Seconds = 6 * 3_600
        talk: Seconds = 10

    limits: Limits
    tried = Distinct("tried")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not facts.ended_now or not facts.billable or not event.to:
            return None
        if leg.talk > micros(self.limits.talk):
            return None
        dialled, tail = boil_down(event.to), facts.plan.read(event.to).tail
        if tail is None:
            return None
        window = micros(self.limits.window)
        strings = self.tried.add(memory, tail, digest("+" * dialled.plus + dialled.digits), facts.at, window,
                                       cap=KEPT, solid=vouched(event))  # fmt: skip
        if strings < self.limits.strings:
            return None
        sure = self.tried.vouched(memory, tail)
        self.tried.clear(memory, tail)
        return self.hit(
            facts.extension, f"{facts.caller} tried {strings} ways to dial a number that ends in {tail}",
            strings=strings, limit=self.limits.strings, window=self.limits.window,
            basis=resting(sure, self.limits.strings),
        )  # fmt: skip
