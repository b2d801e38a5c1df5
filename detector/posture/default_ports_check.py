"""No service that the Internet reaches answers on its default port (C03)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

DEFAULTS = {
    "sip": (5060,), "sip_tls": (5061,), "https": (443, 8088), "http": (80,), "ssh": (22, 8022), "ldap": (389, 636),
    "ami": (5038,),
}  # fmt: skip


@register
class DefaultPortsCheck(PostureCheck):
    """No service answers from the Internet on its default port."""

    id = "default_ports"
    control = "C03"
    title = "No service answers from the Internet on its default port"
    severity = Severity.WARNING
    reason = "Scanners try 5060 and the other default ports of every address many times a day."
    steps = (
        "PBX Settings > SIP Settings > General: choose other SIP ports.",
        "System > Network > Web Server: choose another web port.",
        "Better still: reach the PBX through the remote access service, and close the ports.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        exposed = told(posture.declared.exposed_services, "exposed_services")
        ports = dict(exposed.known())
        if "https" in ports and posture.web_port.value is not None:
            ports["https"] = posture.web_port.value if ports["https"] in DEFAULTS["https"] else ports["https"]
        usual = [f"{name} on {port}" for name, port in sorted(ports.items()) if port in DEFAULTS.get(name, ())]
        if usual:
            return self.weak("services answer from the Internet on their default ports", exposed, evidence=usual)
        evidence = [f"{name} on {port}" for name, port in sorted(ports.items())]
        return self.good("nothing answers from the Internet on a default port", exposed, evidence=evidence)
