"""Auto Defense drops floods, at the published limits or stricter ones (C08)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

PUBLISHED = {"sip": (40, 2), "https": (120, 60)}
"""Packets in seconds from one source."""


@register
class AutoDefenseCheck(PostureCheck):
    """Auto Defense limits SIP and web."""

    id = "auto_defense"
    control = "C08"
    title = "Auto Defense limits SIP and web"
    severity = Severity.WARNING
    reason = "A limit of packets from one source ends fast guessing and floods by itself."
    steps = (
        "Security > Security Rules > Auto Defense: for SIP 40 packets in 2 seconds, for the web 120 in 60, for "
        "SSH 10 in 60.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        rules = told(posture.declared.auto_defense, "auto_defense")
        loose = [said for name, limit in PUBLISHED.items() if (said := looser(name, limit, rules.known().get(name)))]
        if loose:
            return self.weak("floods are not, or hardly, limited", rules, evidence=loose)
        return self.good("floods are limited", rules, evidence=[f"{k}: {v}" for k, v in sorted(rules.known().items())])


def looser(name: str, limit: tuple[int, int], written: str | None) -> str:
    """What is wrong with a rule, or nothing: more packets a second than published are too many."""
    if written is None:
        return f"{name}: no rule"
    packets, seconds = (int(part) for part in written.split("/"))
    if seconds and packets * limit[1] <= limit[0] * seconds:
        return ""
    return f"{name}: {written}, published {limit[0]}/{limit[1]}"
