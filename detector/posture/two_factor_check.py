"""Nobody logs in with a password alone (C17)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class TwoFactorCheck(PostureCheck):
    """A second factor is mandatory."""

    id = "two_factor"
    control = "C17"
    title = "A second factor is mandatory"
    severity = Severity.WARNING
    reason = "A password that was phished or guessed is not enough to log in."
    steps = (
        "Security > Security Settings > Account Security: make two-factor authentication mandatory for all "
        "extension users.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        two_factor = told(posture.declared.two_factor, "two_factor")
        if not two_factor.known():
            return self.weak("a password alone is enough to log in", two_factor)
        return self.good("a second factor is mandatory", two_factor)
