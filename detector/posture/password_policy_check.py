"""User passwords have a least length and are not used again (C19)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

LENGTH = 10
HISTORY = 3


@register
class PasswordPolicyCheck(PostureCheck):
    """User passwords are long and new."""

    id = "password_policy"
    control = "C19"
    title = "User passwords are long and new"
    severity = Severity.WARNING
    reason = "Short passwords are guessed, and old ones are in somebody's list."
    steps = (
        "Security > Security Settings > Password Policy: at least 10 characters, and the last 3 may not be used again.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        length = told(posture.declared.password_min_length, "password_min_length")
        history = told(posture.declared.password_history, "password_history")
        bad = [f"at least {length.value} characters, wanted {LENGTH}"] * (
            length.value is not None and length.value < LENGTH
        )
        bad += [f"the last {history.value} refused, wanted {HISTORY}"] * (
            history.value is not None and history.value < HISTORY
        )
        if bad:
            seen = [fact for fact in (length, history) if fact.value is not None]
            return self.weak("passwords may be weak", *seen, evidence=bad)
        return self.good(f"at least {length.known()} characters, the last {history.known()} refused", length, history)
