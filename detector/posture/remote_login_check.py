"""Logins from outside are limited to accounts or addresses (C21)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class RemoteLoginCheck(PostureCheck):
    """Only some accounts log in from outside."""

    id = "remote_login"
    control = "C21"
    title = "Only some accounts log in from outside"
    severity = Severity.WARNING
    reason = "Whoever never works from outside need not be able to log in from there."
    steps = (
        "System > Network > Yeastar FQDN > Remote Access Control: permit Linkus and web to accounts and addresses"
        " that need it.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        remote_login_restricted = told(posture.declared.remote_login_restricted, "remote_login_restricted")
        if not remote_login_restricted.known():
            return self.weak("every account may log in from anywhere", remote_login_restricted)
        return self.good("logins from outside are limited", remote_login_restricted)
