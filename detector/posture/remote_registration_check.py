"""Registration from outside is allowed to whom it is meant for only (C14)."""

from detector.audit.posture import Posture, UnknownError, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class RemoteRegistrationCheck(PostureCheck):
    """Only who needs it registers from outside."""

    id = "remote_registration"
    control = "C14"
    title = "Only who needs it registers from outside"
    severity = Severity.WARNING
    reason = "Every extension that may register from anywhere is one more that can be guessed from anywhere."
    steps = (
        "Extension and Trunk > Extension > (extension) > Security: switch Allow Remote Registration off for all "
        "others.",
        "System > Network > Yeastar FQDN > Remote SIP: permit accounts and addresses.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        needed = told(posture.declared.remote_extensions, "remote_extensions")
        extensions = posture.extensions.known()
        remote = [e.number for e in extensions if e.remote]
        if remote:
            others = sorted(set(remote) - set(needed.known()))
            if others:
                return self.weak(
                    f"{len(others)} extensions may register from outside without need", posture.extensions, needed,
                    evidence=others,
                )  # fmt: skip
        unseen = [e.number for e in extensions if e.remote is None]
        if unseen:
            raise UnknownError(f"the PBX does not show it of {len(unseen)} extensions")
        return self.good(f"{len(remote)} extensions may register from outside", posture.extensions, evidence=remote)
