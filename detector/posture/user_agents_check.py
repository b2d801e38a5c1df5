"""An extension that may register from outside accepts only its own kind of telephone (C12)."""

from detector.audit.posture import Posture, UnknownError
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class UserAgentsCheck(PostureCheck):
    """Remote extensions accept only known user agents."""

    id = "user_agents"
    control = "C12"
    title = "Remote extensions accept only known user agents"
    severity = Severity.WARNING
    reason = "A tool of an attacker names itself; only telephones of the kind in use may register."
    steps = (
        "Extension and Trunk > Extension > (extension) > Security: switch on User Agent Registration "
        "Authorization, and list the prefixes of the telephones in use.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        extensions = posture.extensions.known()
        remote = [e for e in extensions if e.remote is not False]
        bad = [e.number for e in remote if e.user_agents_limited is False and e.remote]
        if bad:
            return self.weak(
                f"{len(bad)} extensions accept any user agent from outside", posture.extensions, evidence=bad
            )
        unseen = [e.number for e in remote if e.user_agents_limited is not True]
        if unseen:
            raise UnknownError(f"the PBX does not show it of {len(unseen)} extensions")
        return self.good("user agents are limited wherever registration from outside is allowed", posture.extensions)
