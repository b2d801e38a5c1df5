"""An address that attacked other PBXs comes to this one: stopped at its first attempt (C05, C09)."""

from detector.contract.events import Login, Registration
from detector.contract.kinds import KNOWN_ATTACKER
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit
from detector.detect.shared.attempts import of_trunk
from detector.enrich.facts import Facts
from detector.enrich.habits import is_familiar
from detector.memory.fields import Memory, Once


@register
class FleetKnownSource(Detector[Registration | Login]):
    """Fires when an address on the fleet list is refused here, or accepted; each once as long as it is listed.

    What others saw contains nobody here: refused, the address has misbehaved here too and may be blocked; accepted,
    somebody is asked, unless another rule finds something odd as well.

    Quiet when: somebody was accepted from this address on an earlier day; a trunk's registration; only challenged.
    Runbook: if the address is not the customer's, keep the block; if it was accepted, ask whose account that is.
    """

    id = "fleet.known_source"
    control = "C05"
    also = ("C09",)
    subject = SubjectKind.SOURCE_IP
    severity = Severity.WARNING
    stage = Stage.RECON
    kind = KNOWN_ATTACKER
    from_fleet = True
    attack = ("T1110",)
    reads = (Registration, Login)
    outcomes = (AccessOutcome.ACCEPTED, AccessOutcome.REJECTED)
    needs = ("source_ip",)

    said = Once("said")

    def inspect(self, event: Registration | Login, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        listed = facts.fleet_source
        if listed is None or facts.place is None:
            return None
        if of_trunk(event) or is_familiar(facts, memory):
            return None
        source = facts.place.key
        since_listed = max(facts.at - listed.since, 0)
        if not self.said.passed(memory, f"{source}\x1f{event.outcome}", facts.at, since_listed):
            return None
        accepted = event.outcome == AccessOutcome.ACCEPTED
        return self.hit(
            source, f"{source}, which attacked {listed.pbxs} PBXs, was {'let in' if accepted else 'refused'}",
            severity=Severity.CRITICAL if accepted else self.severity, basis=Basis.HEARSAY if accepted else None,
        )  # fmt: skip
