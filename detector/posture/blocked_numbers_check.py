"""Premium-rate numbers cannot be called (C26)."""

from detector.audit.posture import Posture
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class BlockedNumbersCheck(PostureCheck):
    """Premium-rate numbers are blocked."""

    id = "blocked_numbers"
    control = "C26"
    title = "Premium-rate numbers are blocked"
    severity = Severity.WARNING
    reason = "Premium-rate numbers exist to be paid for by the minute."
    steps = (
        "Call Features > Blocked/Allowed Numbers > Blocked Numbers: add the premium-rate prefixes of your "
        "country, as they are dialled, for outbound calls.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        outbound = [rule for rule in posture.blocked.known() if rule.direction in ("outbound", "both")]
        evidence = [f"{rule.name}: {len(rule.numbers)} numbers" for rule in outbound]
        if not outbound:
            return self.weak("no number is blocked", posture.blocked)
        if not posture.premium_blocked.known():
            return self.weak(
                "premium-rate numbers can be called", posture.blocked, posture.premium_blocked, evidence=evidence
            )
        return self.good(
            "premium-rate numbers are blocked", posture.blocked, posture.premium_blocked, evidence=evidence
        )
