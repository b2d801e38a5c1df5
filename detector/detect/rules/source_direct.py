"""Somebody is let in from the Internet past the remote access service: a port is forwarded (C04)."""

from detector.contract.events import Login, Registration
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind, Way
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, accepted, who
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Once
from detector.settings.params import Params, Seconds


@register
class SourceDirect(Detector[Registration | Login]):
    """Fires when an account is accepted from a public address by a direct way; the same again after `pause`.

    Information, so long as `enforced` does not say that all must come through the remote access service.

    Quiet when: the way is not known, or is the LAN, a proxy or the remote access service; a trunk.
    Runbook: close the port that is forwarded and give whoever needs it the remote access service.
    """

    id = "source.direct"
    control = "C04"
    subject = SubjectKind.ACCOUNT
    severity = Severity.WARNING
    stage = Stage.RECON
    basis = Basis.DERIVED
    attack = ("T1133",)
    reads = (Registration, Login)
    outcomes = (AccessOutcome.ACCEPTED,)
    needs = ("source_ip", "account|extension", "path=direct")

    class Limits(Params):
        """`enforced`: it is a warning; `pause` seconds before the same account is said again."""

        enforced: bool = False
        pause: Seconds = 86_400

    limits: Limits
    said = Once("said")

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        place = facts.place
        if event.path != Way.DIRECT or place is None or place.private or not accepted(event):
            return None
        account = who(event, facts)
        if not account or not self.said.passed(memory, account, facts.at, micros(self.limits.pause)):
            return None
        return self.hit(
            account, f"{account} came in from {place.address} past the remote access service",
            severity=self.severity if self.limits.enforced else Severity.INFO, address=place.address,
        )  # fmt: skip
