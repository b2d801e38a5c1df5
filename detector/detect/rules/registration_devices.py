"""More devices are registered at one time for an extension than it may have: one of them is somebody else's (C11)."""

from pydantic import PositiveInt

from detector.contract.events import Registration
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import TRUNK, by_app
from detector.enrich.agents import without_version
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, Once, digest
from detector.settings.params import Params, Seconds

KEPT = 8


@register
class RegistrationDevices(Detector[Registration]):
    """Fires when a device (address and user agent) registers again while more than `over` are at it in turn.

    Desk phone and each of the PBX's own apps are counted by themselves; of apps it is information. Once in `pause`.

    Quiet when: a phone has moved to another address or was updated: the old one does not come again; the device was
    accepted from its address on an earlier day; a trunk.
    Runbook: ask the user which devices are theirs; change the registration password and allow one device.
    """

    id = "registration.devices"
    control = "C11"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.ACCESS
    basis = Basis.DERIVED
    attack = ("T1078",)
    reads = (Registration,)
    outcomes = (AccessOutcome.ACCEPTED,)
    needs = ("source_ip", "account|extension")

    class Limits(Params):
        """`over` so many devices of one sort; each is there for `lifetime` seconds; `pause` until said again."""

        over: PositiveInt = 1
        lifetime: Seconds = 7_200
        pause: Seconds = 86_400

    limits: Limits
    contacts = Distinct("contacts")
    said = Once("said")

    def inspect(self, event: Registration, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.party == TRUNK or facts.place is None or not facts.extension:
            return None
        sort, lifetime = f"{facts.extension}\x1f{event.device or 'sip'}", micros(self.limits.lifetime)
        mine = digest(f"{facts.place.key} {without_version(event.user_agent)}")
        earlier = self.contacts.note(memory, sort, mine, facts.at, lifetime, cap=KEPT)
        before = earlier.get(mine)
        if before is None or len(earlier) <= self.limits.over or before <= facts.at - lifetime or facts.known_place:
            return None
        devices = 1 + sum(before < at < facts.at for at in earlier.values())
        if devices <= self.limits.over:
            return None
        if not self.said.passed(memory, sort, facts.at, micros(self.limits.pause)):
            return None
        return self.hit(
            facts.extension, f"Extension {facts.extension} is registered on {devices} devices at one time",
            severity=Severity.INFO if by_app(event) else self.severity, devices=devices, over=self.limits.over,
            device=event.device,
        )  # fmt: skip
