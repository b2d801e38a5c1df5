"""Only who needs it may register more than one device (C11)."""

from detector.audit.posture import Posture, UnknownError
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class ConcurrentRegistrationsCheck(PostureCheck):
    """One device for each extension."""

    id = "concurrent_registrations"
    control = "C11"
    title = "One device for each extension"
    severity = Severity.WARNING
    reason = "With room for a second device a thief registers beside the owner, who notices nothing."
    steps = ("Extension and Trunk > Extension > (extension) > Advanced: set Concurrent Registrations to 1.",)

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        allowed = posture.declared.concurrent_registrations or {}
        extensions = posture.extensions.known()
        unseen = [e.number for e in extensions if e.concurrent_registrations is None]
        more = [
            f"{e.number}: {e.concurrent_registrations} devices"
            for e in extensions
            if (e.concurrent_registrations or 1) > max(1, allowed.get(e.number, 1))
        ]
        if more:
            return self.weak(f"{len(more)} extensions may register several devices", posture.extensions, evidence=more)
        if unseen:
            raise UnknownError(f"the PBX does not show the limit of {len(unseen)} extensions")
        return self.good("every extension has the devices it needs", posture.extensions)
