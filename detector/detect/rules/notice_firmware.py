"""The PBX's firmware was changed, or a newer one is there (C01)."""

from detector.contract.events import Notice
from detector.contract.visibility import one_of
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit
from detector.enrich.facts import Facts
from detector.memory.fields import Memory

SAYINGS = {
    "system_upgrade_completed": "The firmware was changed",
    "new_system_firmware_detected": "A newer firmware is there",
    "system_restore": "The PBX was restored from a backup",
}


@register
class NoticeFirmware(Detector[Notice]):
    """Fires when the PBX says that its firmware was changed or restored, or that a newer one is there: information.

    Quiet when: it says anything else.
    Runbook: install a newer firmware outside business hours; if nobody upgraded, ask who has administrator rights.
    """

    id = "notice.firmware"
    control = "C01"
    subject = SubjectKind.PBX
    severity = Severity.INFO
    stage = Stage.RECON
    basis = Basis.DERIVED
    attack = ("T1601.001",)
    reads = (Notice,)
    needs = (one_of("name", SAYINGS),)

    def inspect(self, event: Notice, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        said = SAYINGS.get(event.name)
        return None if said is None else self.hit(facts.profile.pbx, said, notice=event.name)
