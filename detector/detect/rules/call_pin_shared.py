"""A PIN is suddenly used by many extensions that never used it: it has leaked (C23)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import CHARGED, Begun, Detector, Hit, micros
from detector.detect.shared.attempts import resting, vouched
from detector.enrich.facts import Facts
from detector.memory.fields import Days as SeenOn
from detector.memory.fields import Distinct, First, Memory, digest
from detector.settings.params import Days, Params, Seconds

KEPT = 32


@register
class CallPinShared(Detector[Call]):
    """Fires when the Nth extension that never used a PIN before uses it within `window`; starts over.

    Quiet when: the PIN was used on fewer than `days` earlier days, when everybody's use of it is new; the extensions
    used it before, as with a route's single PIN.
    Runbook: change the PIN; look at what those extensions called, and whether their passwords have leaked too.
    """

    id = "call.pin_shared"
    control = "C23"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PROBE
    attack = ("T1078",)
    reads = (Begun,)
    needs = (*CHARGED, "pin")

    class Limits(Params):
        """`extensions` new to a PIN within `window` seconds, once it was in use on `days` earlier days."""

        extensions: Annotated[PositiveInt, Field(le=KEPT)] = 5
        window: Seconds = 3_600
        days: Days = 3

    limits: Limits
    new = Distinct("new")
    used = First("used")
    on = SeenOn("on")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.pin is None or not facts.extension or not facts.billable:
            return None
        pin, window, user = event.pin, micros(self.limits.window), f"{event.pin}\x1f{facts.extension}"
        self.on.add(memory, pin, facts.at)
        if self.used.since(memory, user) is not None:
            return None
        self.used.add(memory, user, facts.at)
        new = self.new.add(memory, pin, digest(facts.extension), facts.at, window, cap=KEPT,
                                 solid=vouched(event))  # fmt: skip
        if new < self.limits.extensions or self.on.before(memory, pin, facts.at) < self.limits.days:
            return None
        sure = self.new.vouched(memory, pin)
        self.new.clear(memory, pin)
        return self.hit(
            facts.extension, f"{new} extensions used a PIN that they never used before", extensions=new,
            limit=self.limits.extensions, window=self.limits.window, basis=resting(sure, self.limits.extensions),
        )  # fmt: skip
