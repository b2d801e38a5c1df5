"""Somebody plays records of ours again that are over: old settings, to have them back (C30)."""

from detector.contract.events import Notice
from detector.contract.vocabulary import Basis, Severity, SourceNotice, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit
from detector.enrich.facts import Facts
from detector.memory.fields import Memory


@register
class PbxReplayed(Detector[Notice]):
    """Fires when settings come that are older than those in force, once for each such record. They were refused.

    Quiet when: settings come anew, as at every start; the same old record comes again.
    Runbook: somebody can write to the log who should not, and had read there before. Look who may write to the topics,
    and change what they log in with.
    """

    id = "pbx.replayed"
    control = "C30"
    subject = SubjectKind.PBX
    severity = Severity.CRITICAL
    stage = Stage.RECON
    basis = Basis.DERIVED
    attack = ("T1565.001",)
    reads = (Notice,)

    def inspect(self, event: Notice, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.name != SourceNotice.REPLAYED or event.source is None or event.trust is not None:
            return None
        summary = "Somebody replays old records in the log: settings that are over were refused"
        return self.hit(facts.profile.pbx, summary, said=event.text)
