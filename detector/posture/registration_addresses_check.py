"""An extension that may register from outside does so from listed addresses only (C13)."""

from detector.audit.posture import Posture, UnknownError
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class RegistrationAddressesCheck(PostureCheck):
    """Remote extensions accept only listed addresses."""

    id = "registration_addresses"
    control = "C13"
    title = "Remote extensions accept only listed addresses"
    severity = Severity.WARNING
    reason = "A stolen password is worth nothing if only the owner's address may use it."
    steps = (
        "Extension and Trunk > Extension > (extension) > Security: switch on IP Restriction, and list the "
        "permitted addresses.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        extensions = posture.extensions.known()
        remote = [e for e in extensions if e.remote is not False]
        bad = [e.number for e in remote if e.addresses_limited is False and e.remote]
        if bad:
            return self.weak(f"{len(bad)} extensions may register from any address", posture.extensions, evidence=bad)
        unseen = [e.number for e in remote if e.addresses_limited is not True]
        if unseen:
            raise UnknownError(f"the PBX does not show it of {len(unseen)} extensions")
        return self.good("addresses are limited wherever registration from outside is allowed", posture.extensions)
