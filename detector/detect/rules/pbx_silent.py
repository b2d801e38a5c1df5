"""Nothing is heard any more from where events of a PBX come (C30)."""

from detector.contract.events import Notice
from detector.contract.vocabulary import Basis, Level, Severity, SourceNotice, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit
from detector.detect.shared.stretches import Stretch
from detector.enrich.facts import Facts
from detector.memory.fields import Memory
from detector.settings.params import Params, Seconds

MINUTE_MICROS = 60_000_000


@register
class PbxSilent(Detector[Notice]):
    """Fires when a source of the PBX has shown no sign of life for `limit`; once more, as information, when it does.

    It is critical where nothing is heard of the PBX at all, and the incident ends when all its sources are heard again.

    A heartbeat that is answered and a poll that succeeds are signs of life. A webhook gives none while nothing happens:
    it is silent if the call records tell of something that it did not bring.

    Quiet when: nobody calls; the connection is lost for a shorter time; the same silence goes on after a restart.
    Runbook: attacks are not seen by this source until it is back. Look at the PBX, the network between, the API's
    credentials and, for a webhook, what the PBX says of it; what is on record is fetched afterwards.
    """

    id = "pbx.silent"
    control = "C30"
    subject = SubjectKind.PBX
    severity = Severity.CRITICAL
    stage = Stage.RECON
    basis = Basis.DERIVED
    attack = ("T1562.006",)
    reads = (Notice,)

    class Limits(Params):
        """`limit` seconds without a sign of life, more than the 25 between heartbeats; measured at the connection."""

        limit: Seconds = 900

    limits: Limits
    silent = Stretch("silent", learns=True)

    def inspect(self, event: Notice, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.source is None or event.trust is not None:
            return None
        if event.name == SourceNotice.SILENT and self.silent.begin(memory, event.source, facts.at):
            summary = f"Nothing is heard from {event.source}: attacks there are not seen"
            return self.hit(
                facts.profile.pbx, summary, severity=None if event.level == Level.ALERT else Severity.WARNING,
                source=event.source, said=event.text, limit=self.limits.limit,
            )  # fmt: skip
        if event.name != SourceNotice.HEARD:
            return None
        lasted = self.silent.end(memory, event.source, facts.at)
        if lasted is None:
            return None
        minutes = lasted // MINUTE_MICROS
        return self.hit(
            facts.profile.pbx, f"{event.source} is heard again after {minutes} minutes", severity=Severity.INFO,
            ends=not self.silent.holding(memory), source=event.source, minutes=minutes,
        )  # fmt: skip
