"""What is to be blocked waits for a firewall that does not fetch the list of blocked addresses (C05)."""

from detector.contract.events import Notice
from detector.contract.vocabulary import Basis, Severity, SourceNotice, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit
from detector.detect.shared.stretches import Stretch
from detector.enrich.facts import Facts
from detector.memory.fields import Memory

MINUTE_MICROS = 60_000_000


@register
class FeedUnfetched(Detector[Notice]):
    """Fires when an address is to be kept out and no firewall has fetched the list that holds it for as long as the
    enforcer `feed` allows (`overdue`); once more, as information, when nothing waits any more.

    Quiet when: nothing is to be blocked; the firewall comes in time; the same waiting goes on after a restart.
    Runbook: the address is not kept out. Look whether the firewall still fetches the list: its address, the token, what
    it says of the last fetch. Block the address there by hand meanwhile.
    """

    id = "feed.unfetched"
    control = "C05"
    subject = SubjectKind.PBX
    severity = Severity.CRITICAL
    stage = Stage.RECON
    basis = Basis.DERIVED
    attack = ("T1562.004",)
    reads = (Notice,)

    waiting = Stretch("waiting")

    def inspect(self, event: Notice, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.source is None or event.trust is not None:
            return None
        if event.name == SourceNotice.UNFETCHED and self.waiting.begin(memory, event.source, facts.at):
            summary = "Nobody fetches the list of blocked addresses: what is to be blocked is not blocked"
            return self.hit(facts.profile.pbx, summary, source=event.source, said=event.text)
        if event.name != SourceNotice.FETCHED:
            return None
        lasted = self.waiting.end(memory, event.source, facts.at)
        if lasted is None:
            return None
        minutes = lasted // MINUTE_MICROS
        return self.hit(
            facts.profile.pbx, f"No block waits for a firewall any more, after {minutes} minutes",
            severity=Severity.INFO, source=event.source, minutes=minutes,
        )  # fmt: skip
