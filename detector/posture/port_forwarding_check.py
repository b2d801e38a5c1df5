"""The PBX is reached through the remote access service, not by forwarded ports (C04)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

INNER = {"ssh", "ami", "ldap"}


@register
class PortForwardingCheck(PostureCheck):
    """No port is forwarded to the PBX."""

    id = "port_forwarding"
    control = "C04"
    title = "No port is forwarded to the PBX"
    severity = Severity.WARNING
    reason = "A forwarded port lets the whole Internet knock; the remote access service lets in only who is permitted."
    steps = (
        "On the router: remove the port forwarding.",
        "System > Network > Yeastar FQDN: switch the remote access service on, and permit remote SIP, web, "
        "Linkus, LDAP and API by account, department and address.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        forwarding = told(posture.declared.port_forwarding, "port_forwarding")
        exposed = told(posture.declared.exposed_services, "exposed_services")
        inner = sorted(INNER & set(exposed.value or ()))
        if inner:
            return self.weak(
                "services for administrators are open to the Internet",
                exposed,
                evidence=inner,
                severity=Severity.CRITICAL,
            )
        if forwarding.known():
            return self.weak("ports are forwarded to the PBX", forwarding)
        return self.good("no port is forwarded to the PBX", forwarding)
