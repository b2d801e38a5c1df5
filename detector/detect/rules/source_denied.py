"""An address that the operator denied, or did not allow, reaches the PBX (C07)."""

from collections.abc import Iterable

from detector.contract.events import Login, Registration
from detector.contract.vocabulary import AccessOutcome, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, of_trunk
from detector.enrich.addresses import Place
from detector.enrich.facts import Facts
from detector.enrich.networks import Networks
from detector.memory.fields import Memory, Once
from detector.settings import values
from detector.settings.params import Params, Seconds


class HostList:
    """Addresses, CIDRs and host names of a deny or allow list."""

    def __init__(self, entries: Iterable[str]) -> None:
        entries = list(entries)
        self._names = frozenset(filter(values.is_name, entries))
        self._networks = Networks(each for each in entries if each not in self._names)

    def holds(self, place: Place, facts: Facts) -> bool:
        """Whether an address is on the list, or a name that stands for it now."""
        return place.address in self._networks or not self._names.isdisjoint(facts.host_names)


@register
class SourceDenied(Detector[Registration | Login]):
    """Fires when an address of `deny` is refused, challenged or, critical, let in; each once in `pause`.

    With `strict`, so does every public address that `allow` does not hold.

    Host names stand for the addresses that they had when they were last asked for.

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
        """`deny` and `allow` of addresses, CIDRs and host names; `strict`: nobody else either.

        `pause` seconds until it is said again.
        """

        deny: values.Addresses = ()
        allow: values.Addresses = ()
        strict: bool = False
        pause: Seconds = 3_600

    limits: Limits
    said = Once("said")

    def prepare(self) -> None:  # noqa: D102
        self.denied, self.allowed = HostList(self.limits.deny), HostList(self.limits.allow)

    @property
    def idle(self) -> bool:  # noqa: D102
        return not (self.limits.deny or self.limits.strict)

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        place = facts.place
        if place is None:
            return None
        denied = self.denied.holds(place, facts) or (self.limits.strict and not place.private)
        if not denied or self.allowed.holds(place, facts):
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
