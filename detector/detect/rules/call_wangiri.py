"""Numbers abroad ring once and hang up, so that somebody calls back (C26)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.findings import Subject
from detector.contract.kinds import WANGIRI
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Ended, Hit, micros
from detector.detect.shared.attempts import resting, vouched
from detector.detect.shared.one_ring import one_ring
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Params, Seconds

KEPT = 32


@register
class CallWangiri(Detector[Call]):
    """Fires when the Nth different number abroad has rung for `ring` or less within `window`, and for each further one.

    Quiet when: the calls come from home or withhold their number; they ring for longer, or are answered.
    Runbook: tell everybody not to call back; block the numbers for outbound calls.
    """

    id = "call.wangiri"
    control = "C26"
    subject = SubjectKind.PBX
    severity = Severity.WARNING
    stage = Stage.RECON
    kind = WANGIRI
    attack = ("T1496",)
    reads = (Ended,)
    needs = ("direction=inbound", "from")

    class Limits(Params):
        """`numbers` within `window` seconds that rang for at most `ring` seconds."""

        numbers: Annotated[PositiveInt, Field(le=KEPT)] = 5
        window: Seconds = 3_600
        ring: Seconds = 6

    limits: Limits
    rang = Distinct("rang")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        number = one_ring(event, facts, micros(self.limits.ring))
        if number is None or number.e164 is None or number.block is None:
            return None
        numbers = self.rang.add(memory, "", digest(number.e164), facts.at, micros(self.limits.window), cap=KEPT,
                                      solid=vouched(event))  # fmt: skip
        if numbers < self.limits.numbers:
            return None
        return self.hit(
            facts.profile.pbx, f"{numbers} numbers abroad rang once and hung up", numbers=numbers,
            limit=self.limits.numbers, window=self.limits.window, block=number.block,
            basis=resting(self.rang.vouched(memory, ""), self.limits.numbers),
            links=(Subject(SubjectKind.DESTINATION, number.block),),
        )  # fmt: skip
