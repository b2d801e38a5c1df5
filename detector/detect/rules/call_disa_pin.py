"""Calls from outside try one PIN after the other to dial through the PBX (C23)."""

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
class CallDisaPin(Detector[Call]):
    """Fires on the Nth call over one trunk refused for a wrong PIN within `window`, whatever its number; starts over.

    The number of a caller is what the caller says it is, so it is not counted by that.

    Quiet when: somebody mistypes a few times; calls that go out (`call.pin_guessing`).
    Runbook: turn DISA and the call-out of voicemail off, or give them long PINs of their own.
    """

    id = "call.disa_pin"
    control = "C23"
    subject = SubjectKind.TRUNK
    severity = Severity.WARNING
    stage = Stage.CREDENTIAL
    kind = PIN_GUESSING
    attack = ("T1110.001",)
    reads = (Ended,)
    needs = ("direction=inbound", "reason=wrong_pin")

    class Limits(Params):
        """`calls` refused within `window` seconds."""

        calls: Annotated[PositiveInt, Field(le=KEPT)] = 10
        window: Seconds = 3_600

    limits: Limits
    refused = Distinct("refused")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.reason != Reason.WRONG_PIN or not facts.ended_now or not facts.inbound:
            return None
        trunk, window = event.trunk_in or event.trunk or "unknown", micros(self.limits.window)
        calls = self.refused.add(memory, trunk, digest(event.call_id), facts.at, window, cap=KEPT,
                                       solid=vouched(event))  # fmt: skip
        if calls < self.limits.calls:
            return None
        sure = self.refused.vouched(memory, trunk)
        self.refused.clear(memory, trunk)
        return self.hit(
            trunk, f"{calls} calls from outside over trunk {trunk} were refused for a wrong PIN", calls=calls,
            limit=self.limits.calls, window=self.limits.window, basis=resting(sure, self.limits.calls),
        )  # fmt: skip
