"""Users log in with the account of the company (C16)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class SingleSignOnCheck(PostureCheck):
    """Users log in by single sign-on."""

    id = "single_sign_on"
    control = "C16"
    title = "Users log in by single sign-on"
    severity = Severity.INFO
    reason = "An account of the company ends with the employment and is watched already."
    steps = ("Integrations > Single Sign-on: connect Microsoft 365, Google Workspace or Red Hat.",)

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        single_sign_on = told(posture.declared.single_sign_on, "single_sign_on")
        if not single_sign_on.known():
            return self.weak("users log in with passwords of the PBX", single_sign_on)
        return self.good("users log in by single sign-on", single_sign_on)
