"""An address that keeps failing to log in is refused (C15)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

MOST = 10


@register
class LoginLockoutCheck(PostureCheck):
    """Failed logins lock an address out."""

    id = "login_lockout"
    control = "C15"
    title = "Failed logins lock an address out"
    severity = Severity.CRITICAL
    reason = "Without a lockout the passwords of the portal and of Linkus are guessed in a matter of time."
    steps = (
        "Security > Security Settings > Account Lock: refuse an address for a while after 5 failures, and for "
        "good at the maximum.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        attempts = told(posture.declared.login_attempts, "login_attempts")
        if attempts.known() == 0:
            return self.weak("nobody is locked out", attempts)
        if attempts.known() > MOST:
            return self.weak(f"{attempts.known()} attempts are too many", attempts, severity=Severity.WARNING)
        return self.good(f"locked out after {attempts.known()} attempts", attempts)
