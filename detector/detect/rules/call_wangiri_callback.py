"""Somebody calls back a number abroad that rang once and hung up (C26)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.kinds import WANGIRI
from detector.contract.visibility import Want
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import OUTSIDE, Detector, Ended, Hit, RiskyBegun, micros
from detector.detect.shared.one_ring import one_ring
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, Window, digest
from detector.settings.params import Days, Params, Seconds

KEPT = 32


@register
class CallWangiriCallback(Detector[Call]):
    """Fires for each call to a number abroad that rang for `ring` or less within `window`, or to a neighbour of it.

    A warning where `numbers` of them did, else information: people do call the wrong number.

    Quiet when: its block was called on `days` earlier days; the number rang for longer, or was answered.
    Runbook: tell the user to hang up and not to call back; block the number.
    """

    id = "call.wangiri_callback"
    control = "C26"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PROBE
    kind = WANGIRI
    attack = ("T1496",)
    reads = (Ended, RiskyBegun)
    lives_on = ((Want("call.ended", ("direction=inbound", "from")), Want("call", OUTSIDE)),)

    class Limits(Params):
        """`numbers` that rang for at most `ring` seconds within `window`; known after `days` earlier days."""

        numbers: Annotated[PositiveInt, Field(le=KEPT)] = 3
        window: Seconds = 86_400
        ring: Seconds = 6
        days: Days = 1

    limits: Limits
    rang = Distinct("rang", learns=True)
    blocks = Window("blocks", learns=True)

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg, window = facts.leg, micros(self.limits.window)
        if leg is None or facts.inbound:
            number = one_ring(event, facts, micros(self.limits.ring))
            if number is not None and number.e164 is not None and number.block is not None:
                self.rang.add(memory, "", digest(number.e164), facts.at, window, cap=KEPT)
                self.blocks.add(memory, number.block, facts.at, window, cap=1)
            return None
        if not facts.opened or not facts.ledger.first(leg) or not facts.new_block(self.limits.days):
            return None
        if not self.blocks.count(memory, leg.block, facts.at, window):
            return None
        numbers = sum(facts.at < when + window for when in self.rang.seen(memory, "").values())
        return self.hit(
            facts.extension, f"{facts.caller} called back a number abroad that rang once", numbers=numbers,
            limit=self.limits.numbers, severity=None if numbers >= self.limits.numbers else Severity.INFO,
        )  # fmt: skip
