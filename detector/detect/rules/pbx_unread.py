"""What a PBX says is not understood any more (C30)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Notice
from detector.contract.vocabulary import Basis, Severity, SourceNotice, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit
from detector.detect.shared.stretches import Stretch
from detector.enrich.facts import Facts
from detector.memory.fields import Memory
from detector.settings.params import Params


@register
class PbxUnread(Detector[Notice]):
    """Fires when too much of what a source of the PBX says is not understood; once more, as information, when it is.

    What is of a kind that nobody knows counts, and what became a dead letter. It is over when less than half of
    `share` is left.

    Quiet when: only a few messages are not understood; it goes on after a restart, or begins again before it was over.
    Runbook: what is not understood is not watched. The console shows the last such message of each source, the dead
    letters show the others; look whether the PBX was upgraded, update Ringfence, and send us a sample.
    """

    id = "pbx.unread"
    control = "C30"
    subject = SubjectKind.PBX
    severity = Severity.WARNING
    stage = Stage.RECON
    basis = Basis.DERIVED
    attack = ("T1562.006",)
    reads = (Notice,)

    class Limits(Params):
        """`share` of the last `messages`, and no fewer than `least` of them; measured by who has the connection."""

        share: Annotated[float, Field(gt=0, le=1)] = 0.1
        least: PositiveInt = 5
        messages: PositiveInt = 200

    limits: Limits
    unread = Stretch("unread", learns=True)

    def inspect(self, event: Notice, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.source is None or event.trust is not None:
            return None
        if event.name == SourceNotice.UNREAD and self.unread.begin(memory, event.source, facts.at):
            summary = f"Much of what {event.source} says is not understood, and not watched"
            return self.hit(facts.profile.pbx, summary, source=event.source, said=event.text, limit=self.limits.share)
        if event.name != SourceNotice.UNDERSTOOD or self.unread.end(memory, event.source, facts.at) is None:
            return None
        return self.hit(
            facts.profile.pbx, f"What {event.source} says is understood again", severity=Severity.INFO,
            ends=not self.unread.holding(memory), source=event.source,
        )  # fmt: skip
