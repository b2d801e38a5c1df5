"""SSH is only on while somebody repairs the PBX (C02)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class SshCheck(PostureCheck):
    """SSH is off."""

    id = "ssh"
    control = "C02"
    title = "SSH is off"
    severity = Severity.CRITICAL
    reason = "SSH gives the whole PBX to whoever guesses its password; it belongs on only while troubleshooting."
    steps = (
        "Security > Security Settings > Console: switch SSH access off.",
        "If support needs it, allow only their address in Static Defense, and switch it off afterwards.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        ssh = told(posture.declared.ssh, "ssh")
        if ssh.known():
            return self.weak("SSH is on", ssh)
        return self.good("SSH is off", ssh)
