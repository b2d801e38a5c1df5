"""An extension dials faster than the guide's call frequency allows (C27)."""

from typing import Annotated

from pydantic import AfterValidator

from detector.contract.events import Call
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import CHARGED, Begun, Detector, Hit, micros
from detector.detect.shared.forwardings import is_callers
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Window
from detector.settings.frequency import Frequency, parse
from detector.settings.params import Params


def checked(text: str) -> str:
    """The text, if it is a rule."""
    parse(text)
    return text


@register
class CallFrequency(Detector[Call]):
    """Fires on the Nth outbound call of one extension within the time of any of the joined rules, then starts over.

    Quiet when: several legs of one call; calls that others made and the extension forwards to where it usually does;
    emergency and internal calls.
    Runbook: ask the user; a dialler or call centre needs a rule of its own, everything else is automation.
    """

    id = "call.frequency"
    control = "C27"
    subject = SubjectKind.EXTENSION
    severity = Severity.CRITICAL
    stage = Stage.PUMPING
    attack = ("T1496",)
    reads = (Begun,)
    needs = CHARGED

    class Limits(Params):
        """`limit` in the guide's syntax `number/time/unit`, joined by `&`."""

        limit: Annotated[str, AfterValidator(checked)] = "5/1/second"

    limits: Limits
    dialled = Window("dialled")
    texts = Window("texts")

    def prepare(self) -> None:  # noqa: D102
        self.rules: tuple[Frequency, ...] = parse(self.limits.limit)
        self.longest = micros(max(rule.seconds for rule in self.rules))
        self.cap = max(rule.calls for rule in self.rules)

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if facts.leg is None or not facts.extension or not facts.billable:
            return None
        if not facts.ledger.first(facts.leg) or is_callers(facts.leg, memory):
            return None
        started = facts.leg.started
        self.dialled.add(memory, facts.extension, started, self.longest, cap=self.cap)
        if event.trust is not None:
            self.texts.add(memory, facts.extension, started, self.longest, cap=self.cap)
        for rule in self.rules:
            calls = self.dialled.most(memory, facts.extension, started, micros(rule.seconds))
            if calls >= rule.calls:
                texts = self.texts.most(memory, facts.extension, started, self.longest)
                self.dialled.clear(memory, facts.extension)
                return self.hit(
                    facts.extension, f"Extension {facts.extension} made {calls} calls in {rule.seconds} s",
                    calls=calls, limit=rule.calls, window=rule.seconds, rule=rule.text,
                    basis=Basis.TEXT if calls - texts < rule.calls else None,
                )  # fmt: skip
        return None
