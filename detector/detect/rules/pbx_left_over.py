"""What was done to a PBX should have been undone, and the PBX is not in the settings any more (C30)."""

from detector.contract.events import Notice
from detector.contract.vocabulary import Basis, Severity, SourceNotice, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit
from detector.detect.shared.stretches import Stretch
from detector.enrich.facts import Facts
from detector.memory.fields import Memory


@register
class PbxLeftOver(Detector[Notice]):
    """Fires once for each thing that was done to a PBX, is due to be undone, and that nobody can undo.

    The PBX was taken out of the settings, or is named otherwise there.

    Quiet when: nothing stands on it; what stands is not due yet.
    Runbook: put the PBX back into the settings until it is undone, or undo it on the PBX: the finding says what it is.
    """

    id = "pbx.left_over"
    control = "C30"
    subject = SubjectKind.PBX
    severity = Severity.WARNING
    stage = Stage.RECON
    basis = Basis.DERIVED
    attack = ("T1531",)
    reads = (Notice,)

    left = Stretch("left")

    def inspect(self, event: Notice, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.name != SourceNotice.LEFT or event.source is None or event.trust is not None:
            return None
        if not self.left.begin(memory, event.source, facts.at):
            return None
        summary = "What should have been undone still stands: the PBX is not in the settings any more"
        return self.hit(facts.profile.pbx, summary, action=event.source, said=event.text)
