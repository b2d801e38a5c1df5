"""Calls are forwarded abroad or to a costly number, at the expense of the extension that forwards (C25)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.kinds import FORWARDING_FRAUD
from detector.contract.vocabulary import Severity, Stage, SubjectKind, Via
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, RiskyBegun, micros
from detector.detect.shared.attempts import resting, vouched
from detector.detect.shared.forwardings import set_by_administrator
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Days, Params, Seconds

KEPT = 32
AT_ONCE = 2


@register
class CallForwarding(Detector[Call]):
    """Fires on the Nth call that one extension forwards to new blocks of numbers within `window`, then starts over.

    Only a warning as long as the calls come one after the other: so somebody who is abroad takes them along. While
    fewer than `days` days were watched all is new: a warning by night, information by day.

    Quiet when: an administrator set the forwarding; the block was called on `days` earlier days; calls are forwarded at
    home; emergency and internal calls.
    Runbook: take the forwarding out, change the user's password, ask who set it.
    """

    id = "call.forwarding"
    control = "C25"
    subject = SubjectKind.EXTENSION
    severity = Severity.CRITICAL
    stage = Stage.PUMPING
    kind = FORWARDING_FRAUD
    attack = ("T1496",)
    reads = (RiskyBegun,)
    needs = ("via=forward", "on_behalf_of|extension")

    class Limits(Params):
        """`calls` forwarded within `window` seconds; a block is known after calls on `days` earlier days."""

        calls: Annotated[PositiveInt, Field(le=KEPT)] = 4
        window: Seconds = 3_600
        days: Days = 3

    limits: Limits
    sent_on = Distinct("sent on")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or event.via != Via.FORWARD or not facts.extension or not facts.risky:
            return None
        if not facts.new_block(self.limits.days) or set_by_administrator(memory, facts.extension, leg.block):
            return None
        calls = self.sent_on.add(memory, facts.extension, digest(event.call_id), facts.at,
                                       micros(self.limits.window), cap=KEPT, solid=vouched(event))  # fmt: skip
        if calls < self.limits.calls:
            return None
        sent = [each for each in facts.ledger.up(SubjectKind.EXTENSION, facts.extension) if each.forwarded]
        taken_along = len({each.call_id for each in sent}) < AT_ONCE and not leg.costly
        most = Severity.WARNING if taken_along and not facts.broken_in else self.severity
        sure = self.sent_on.vouched(memory, facts.extension)
        self.sent_on.clear(memory, facts.extension)
        return self.hit(
            facts.extension, f"{facts.caller} forwarded {calls} calls to numbers that are new here", calls=calls,
            limit=self.limits.calls, window=self.limits.window, severity=facts.sure(self.limits.days, most),
            basis=resting(sure, self.limits.calls),
        )  # fmt: skip
