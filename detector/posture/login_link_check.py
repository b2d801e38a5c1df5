"""A login link or QR code is good for one login only (C18)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class LoginLinkCheck(PostureCheck):
    """Login links work once."""

    id = "login_link"
    control = "C18"
    title = "Login links work once"
    severity = Severity.WARNING
    reason = "A link that was forwarded, or a code in a photograph, must not open the account again."
    steps = ("Linkus UC Clients > Settings: let login links and QR codes be used once only.",)

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        login_link_once = told(posture.declared.login_link_once, "login_link_once")
        if not login_link_once.known():
            return self.weak("login links may be used again and again", login_link_once)
        return self.good("login links are good for one login", login_link_once)
