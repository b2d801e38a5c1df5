"""How many calls an extension may make in a while (C27)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity
from detector.settings.frequency import parse

MOST_A_SECOND = 5


@register
class CallFrequencyCheck(PostureCheck):
    """Outbound calls are limited in number."""

    id = "call_frequency"
    control = "C27"
    title = "Outbound calls are limited in number"
    severity = Severity.WARNING
    reason = "Pumping is many calls in a short time; the limit makes it slow, and is told."
    steps = (
        "Security > Security Rules > Outbound Call Frequency Restriction: keep the default of 5 calls in 1 "
        "second, and add a rule by the hour.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        written = told(posture.declared.call_frequency, "call_frequency")
        if not written.known():
            return self.weak("calls are not limited in number", written)
        rules = parse(written.known())
        if all(rule.calls > MOST_A_SECOND * rule.seconds for rule in rules):
            return self.weak(f"{written.known()} is looser than the default", written)
        return self.good(f"at most {written.known()}", written)
