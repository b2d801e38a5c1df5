"""An address that the operator denied, or did not allow, reaches the PBX (C07)."""

from detector.contract.events import Login, Registration
from detector.contract.vocabulary import AccessOutcome, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, of_trunk
from detector.enrich.facts import Facts
from detector.enrich.networks import Networks
from detector.memory.fields import Memory, Once
from detector.settings import values
from detector.settings.params import Params, Seconds


@register
class SourceDenied(Detector[Registration | Login]):
    """Fires when an address of `deny` is refused, challenged or, critical, let in; each once in `pause`.

    With `strict`, so does every public address that `allow` does not hold.

    Quiet when: `allow` holds the address, which outweighs `deny`; nothing is denied; a trunk.
    Runbook: the firewall lets through what it should not: put the same lists there and on the PBX.
    """

    id = "source.denied"
    control = "C07"
    subject = SubjectKind.SOURCE_IP
    severity = Severity.WARNING
    stage = Stage.RECON
    attack = ("T1190",)
    reads = (Registration, Login)
    outcomes = (AccessOutcome.ACCEPTED, AccessOutcome.REJECTED, AccessOutcome.CHALLENGED)
    needs = ("source_ip",)

    class Limits(Params):
        """`deny` and `allow` of addresses and CIDRs; `strict`: nobody else either; `pause` seconds until said again."""

        deny: values.Networks = ()
        allow: values.Networks = ()
        strict: bool = False
        pause: Seconds = 3_600

    limits: Limits
    said = Once("said")

    def prepare(self) -> None:  # noqa: D102
        self.denied, self.allowed = Networks(self.limits.deny), Networks(self.limits.allow)

    @property
    def idle(self) -> bool:  # noqa: D102
        return not (self.limits.deny or self.limits.strict)

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        place = facts.place
        if place is None:
            return None
        denied = place.address in self.denied or (self.limits.strict and not place.private)
        if not denied or place.address in self.allowed:
            return None
        if of_trunk(event):
            return None
        accepted = event.outcome == AccessOutcome.ACCEPTED
        if not self.said.passed(memory, f"{place.key}\x1f{accepted}", facts.at, micros(self.limits.pause)):
            return None
        return self.hit(
            place.key, f"{place.address}, which is denied, {'was let in' if accepted else 'reached the PBX'}",
            severity=Severity.CRITICAL if accepted else self.severity, address=place.address, account=event.account,
        )  # fmt: skip
