"""Only countries where somebody has business may reach the PBX (C06)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class AllowedCountriesCheck(PostureCheck):
    """Only trusted countries reach the PBX."""

    id = "allowed_countries"
    control = "C06"
    title = "Only trusted countries reach the PBX"
    severity = Severity.WARNING
    reason = "Most attacks come from countries where nobody has an account here."
    steps = (
        "Security > Security Rules > Allowed Country IPs: allow your own country first, then every other from "
        "which people work, then switch it on.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        allowed = told(posture.declared.allowed_countries, "allowed_countries")
        if not allowed.known():
            return self.weak("every country may reach the PBX", allowed)
        return self.good("only some countries may reach the PBX", allowed, evidence=allowed.known())
