"""An address on a block list of the operator comes to the PBX (C05)."""

from detector.contract.events import Login, Registration
from detector.contract.kinds import KNOWN_ATTACKER
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, of_trunk
from detector.enrich.facts import Facts
from detector.enrich.habits import is_familiar
from detector.memory.fields import Memory, Once
from detector.settings.params import Params, Seconds


@register
class SourceListed(Detector[Registration | Login]):
    """Fires when an address on a block list is refused, challenged or, critical, let in; each once in `pause`.

    Refused, it has misbehaved here too and may be blocked; otherwise a list is hearsay, and somebody is asked.

    Quiet when: the list is older than `age`; anybody was accepted from that address on an earlier day; a trunk.
    Runbook: if it was let in, ask the user; if the address is the customer's, take the list's entry out.
    """

    id = "source.listed"
    control = "C05"
    subject = SubjectKind.SOURCE_IP
    severity = Severity.WARNING
    stage = Stage.RECON
    kind = KNOWN_ATTACKER
    basis = Basis.HEARSAY
    attack = ("T1110",)
    reads = (Registration, Login)
    outcomes = (AccessOutcome.ACCEPTED, AccessOutcome.REJECTED, AccessOutcome.CHALLENGED)
    needs = ("source_ip",)

    class Limits(Params):
        """`age` seconds after which a list is no longer believed; `pause` seconds before it is said again."""

        age: Seconds = 30 * 86_400
        pause: Seconds = 86_400

    limits: Limits
    said = Once("said")

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        listed, place = facts.listed, facts.place
        if listed is None or place is None:
            return None
        if facts.at - listed.at > micros(self.limits.age) or is_familiar(facts, memory):
            return None
        if of_trunk(event):
            return None
        if not self.said.passed(memory, f"{place.key}\x1f{event.outcome}", facts.at, micros(self.limits.pause)):
            return None
        accepted = event.outcome == AccessOutcome.ACCEPTED
        return self.hit(
            place.key, f"{place.address} on the list {listed.source} {'was let in' if accepted else 'came'}",
            severity=Severity.CRITICAL if accepted else self.severity, list=listed.source, account=event.account,
            basis=Basis.BEHAVIOUR if event.outcome == AccessOutcome.REJECTED else None,
        )  # fmt: skip
