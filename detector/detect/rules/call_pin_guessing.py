"""One extension is refused again and again for a wrong PIN of an outbound route (C23)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.kinds import PIN_GUESSING
from detector.contract.vocabulary import Reason, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Ended, Hit, micros
from detector.detect.shared.attempts import resting, vouched
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Params, Seconds

KEPT = 32


@register
class CallPinGuessing(Detector[Call]):
    """Fires on the Nth call of one extension refused for a wrong PIN within `window`, or `slow_window`; starts over.

    Quiet when: several legs of one call are refused; somebody mistypes a few times; calls that come in.
    Runbook: ask the user; change the PIN of the route, and give each user one of their own.
    """

    id = "call.pin_guessing"
    control = "C23"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PROBE
    kind = PIN_GUESSING
    attack = ("T1110.001",)
    reads = (Ended,)
    needs = ("extension", "reason=wrong_pin")

    class Limits(Params):
        """`calls` refused within `window` seconds, or `slow_calls` within `slow_window`."""

        calls: Annotated[PositiveInt, Field(le=KEPT)] = 5
        window: Seconds = 600
        slow_calls: Annotated[PositiveInt, Field(le=KEPT)] = 15
        slow_window: Seconds = 86_400

    limits: Limits
    refused = Distinct("refused")
    slowly = Distinct("slowly")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.reason != Reason.WRONG_PIN or not facts.ended_now or facts.inbound or not facts.extension:
            return None
        limits, hit = self.limits, None
        for field, limit, window in ((self.refused, limits.calls, limits.window),
                                     (self.slowly, limits.slow_calls, limits.slow_window)):  # fmt: skip
            calls = field.add(memory, facts.extension, digest(event.call_id), facts.at, micros(window), cap=KEPT,
                                    solid=vouched(event))  # fmt: skip
            if calls >= limit:
                sure = field.vouched(memory, facts.extension)
                field.clear(memory, facts.extension)
                hit = hit or self.hit(
                    facts.extension, f"{facts.caller} was refused {calls} times for a wrong PIN", calls=calls,
                    limit=limit, window=window, basis=resting(sure, limit),
                )  # fmt: skip
        return hit
