"""An address that keeps failing to register is blocked (C09)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

MOST = 10


@register
class RegistrationLockoutCheck(PostureCheck):
    """Failed registrations lock an address out."""

    id = "registration_lockout"
    control = "C09"
    title = "Failed registrations lock an address out"
    severity = Severity.CRITICAL
    reason = "Without a lockout a password is guessed in a matter of time."
    steps = (
        "Security > Security Settings > Account Lock: block an address after 5 failed registrations.",
        "System > Event Notification: switch on Extension Registration Blocked Out.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        attempts = told(posture.declared.registration_attempts, "registration_attempts")
        if attempts.known() == 0:
            return self.weak("nobody is locked out", attempts)
        if attempts.known() > MOST:
            return self.weak(f"{attempts.known()} attempts are too many", attempts, severity=Severity.WARNING)
        return self.good(f"locked out after {attempts.known()} attempts", attempts)
