"""Registration passwords cannot be guessed; what they are is never kept (C10)."""

from detector.audit.posture import Posture, UnknownError
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class RegistrationPasswordCheck(PostureCheck):
    """Registration passwords are strong."""

    id = "registration_password"
    control = "C10"
    title = "Registration passwords are strong"
    severity = Severity.CRITICAL
    reason = "The registration password is all that stands between a thief and calls at your expense."
    steps = (
        "Extension and Trunk > Extension > (extension) > User: set a random registration password of 12 or more "
        "characters.",
        "Provision the telephones again.",
        "Extension and Trunk > Extension > Bulk Edit can give all extensions random passwords.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        extensions = posture.extensions.known()
        bad = [f"{e.number}: {', '.join(e.password_flaws)}" for e in extensions if e.password_flaws]
        if bad:
            return self.weak(f"{len(bad)} extensions have a weak password", posture.passwords, evidence=bad)
        posture.passwords.known()
        unseen = [e.number for e in extensions if e.password_flaws is None]
        if unseen:
            raise UnknownError(f"the PBX did not show the registration passwords of {len(unseen)} extensions")
        return self.good(f"{len(extensions)} passwords are strong", posture.passwords)
