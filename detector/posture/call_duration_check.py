"""The longest a call may last (C29)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

LONGEST = 14_400


@register
class CallDurationCheck(PostureCheck):
    """Calls end by themselves."""

    id = "call_duration"
    control = "C29"
    title = "Calls end by themselves"
    severity = Severity.WARNING
    reason = "A fraudulent call is held for hours; the PBX can end it."
    steps = (
        "PBX Settings > Preferences: set Max Call Duration, for example 7200 seconds.",
        "Extension and Trunk > Extension > (extension) > Security: set a shorter one where it fits.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        everybody = told(posture.declared.max_call_seconds, "max_call_seconds")
        if everybody.value is not None and 0 < everybody.value <= LONGEST:
            return self.good(f"calls end after {everybody.value} seconds", everybody)
        own = [(e.number, e.max_call_seconds) for e in posture.extensions.known()]
        endless = [number for number, seconds in own if seconds is None or not 0 < seconds <= LONGEST]
        if not endless and own:
            return self.good("every extension has a limit of its own", posture.extensions)
        everybody.known()
        return self.weak(
            f"calls of {len(endless)} extensions may last for hours", everybody, posture.extensions, evidence=endless
        )
