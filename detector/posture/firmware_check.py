"""The PBX runs the newest firmware its owner knows of (C01)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class FirmwareCheck(PostureCheck):
    """Firmware is the newest."""

    id = "firmware"
    control = "C01"
    title = "Firmware is the newest"
    severity = Severity.WARNING
    reason = "Updates close holes that attackers already use."
    steps = (
        "Maintenance > Upgrade: check for new firmware, back the PBX up, and install it outside business hours.",
        "Maintenance > Upgrade > Automatic Upgrade: switch it on, with a time at night.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        latest = told(posture.declared.latest_firmware, "latest_firmware")
        installed, newest = parts(posture.firmware.known()), parts(latest.known())
        evidence = (f"installed {posture.firmware.known()}", f"newest known {latest.known()}")
        if installed < newest:
            return self.weak("the firmware is out of date", posture.firmware, latest, evidence=evidence)
        return self.good("the firmware is up to date", posture.firmware, latest, evidence=evidence)


def parts(version: str) -> tuple[int, ...]:
    """The numbers of a version, as they are compared."""
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
