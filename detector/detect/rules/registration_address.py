"""An extension is registered from an address that is not on its list (C13)."""

from detector.contract.events import Registration
from detector.contract.vocabulary import AccessOutcome, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import TRUNK
from detector.enrich.facts import Facts
from detector.enrich.networks import Networks
from detector.memory.fields import Memory, Once
from detector.settings import values
from detector.settings.params import Params, Seconds


@register
class RegistrationAddress(Detector[Registration]):
    """Fires for an accepted registration from outside `addresses`; the same address once in `pause`.

    Quiet when: no address is listed, so that nothing is enforced; it was refused, as it should be; a trunk.
    Runbook: if the device is the user's, list its address; if not, change the password. Set the same list on the PBX.
    """

    id = "registration.address"
    control = "C13"
    subject = SubjectKind.EXTENSION
    severity = Severity.CRITICAL
    stage = Stage.ACCESS
    attack = ("T1078",)
    reads = (Registration,)
    outcomes = (AccessOutcome.ACCEPTED,)
    needs = ("source_ip", "account|extension")

    class Limits(Params):
        """`addresses` and CIDRs from which to register, empty is not enforced; `pause` seconds until said again."""

        addresses: values.Networks = ()
        pause: Seconds = 3_600

    limits: Limits
    said = Once("said")

    def prepare(self) -> None:  # noqa: D102
        self.listed = Networks(self.limits.addresses)

    @property
    def idle(self) -> bool:  # noqa: D102
        return not self.limits.addresses

    def inspect(self, event: Registration, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.party == TRUNK:
            return None
        place, extension = facts.place, facts.extension
        if place is None or not extension or place.address in self.listed:
            return None
        if not self.said.passed(memory, f"{extension}\x1f{place.key}", facts.at, micros(self.limits.pause)):
            return None
        return self.hit(
            extension, f"Extension {extension} registered from {place.address}, which is not on its list",
            address=place.address, country=place.country,
        )  # fmt: skip
