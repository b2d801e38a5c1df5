"""Only countries with which there is business may be called (C25)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

MOST = 60


@register
class CountryCodesCheck(PostureCheck):
    """Only some countries may be called."""

    id = "country_codes"
    control = "C25"
    title = "Only some countries may be called"
    severity = Severity.CRITICAL
    reason = "Fraud pays where a minute is dear: countries that nobody here calls."
    steps = (
        "Security > Security Rules > Allowed Country Codes: allow the countries that are called, and switch it on.",
        "Extension and Trunk > Extension > (extension) > Security: disallow international calls for who makes none.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        allowed = told(posture.declared.allowed_country_codes, "allowed_country_codes")
        if not allowed.known():
            return self.weak("every country may be called", allowed)
        if len(allowed.known()) > MOST:
            return self.weak(f"{len(allowed.known())} countries may be called", allowed, severity=Severity.WARNING)
        return self.good(
            "only some countries may be called", allowed, evidence=[f"+{code}" for code in allowed.known()]
        )
