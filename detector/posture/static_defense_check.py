"""No rule of Static Defense lets a large part of the Internet past all other defences (C07)."""

from ipaddress import ip_network

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

WIDEST = {4: 24, 6: 48}


@register
class StaticDefenseCheck(PostureCheck):
    """Static Defense accepts only networks of our own."""

    id = "static_defense"
    control = "C07"
    title = "Static Defense accepts only networks of our own"
    severity = Severity.CRITICAL
    reason = "What Static Defense accepts passes every other defence of the PBX."
    steps = (
        "Security > Security Rules > Static Defense: remove rules that accept more than single addresses of the "
        "Internet.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        accepted = told(posture.declared.static_accept, "static_accept")
        wide = [network for network in accepted.known() if is_wide(network)]
        if wide:
            return self.weak("a large part of the Internet is always accepted", accepted, evidence=wide)
        return self.good("nothing wide is always accepted", accepted, evidence=accepted.known())


def is_wide(text: str) -> bool:
    """Whether a CIDR is more of the Internet than one site has; a host name is one."""
    try:
        network = ip_network(text)
    except ValueError:
        return False
    return not network.is_private and network.prefixlen < WIDEST[network.version]
