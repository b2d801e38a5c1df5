"""One address keeps failing to register: someone is guessing SIP passwords (C09)."""

from pydantic import PositiveInt

from detector.contract.events import Notice, Registration
from detector.contract.findings import Subject
from detector.contract.visibility import Want, one_of
from detector.contract.vocabulary import AccessOutcome, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Refusals, of_network, refused, resting
from detector.enrich.facts import Facts
from detector.enrich.habits import is_familiar
from detector.enrich.networks import nearby
from detector.memory.fields import Days, Distinct, Memory, digest
from detector.settings.params import Params, Seconds

SEVERAL = 2
BLOCKED = {"extension_registration_blocked", "auto_defense_ip_blocked"}


@register
class RegistrationBruteforce(Detector[Registration | Notice]):
    """Fires on the Nth refused registration, INVITE or SUBSCRIBE of one address within `window`, then starts over.

    The PBX's own notice that it has blocked the address counts as the limit reached; where people are at home it is
    information.

    Quiet when: the request was only challenged; or a phone known from this address on an earlier day, or at the new
    address of an office, repeats a stale password, up to `stale` times as often.
    Runbook: if the address is not the customer's, keep the block and look for an accepted registration from it.
    """

    id = "registration.bruteforce"
    control = "C09"
    subject = SubjectKind.SOURCE_IP
    severity = Severity.CRITICAL
    stage = Stage.CREDENTIAL
    attack = ("T1110.001",)
    reads = (Registration, Notice)
    outcomes = (AccessOutcome.REJECTED,)
    lives_on = (
        (Want("registration.rejected", ("source_ip",)),),
        (Want("notice", ("source_ip", one_of("name", BLOCKED))),),
    )

    class Limits(Params):
        """`failures` within `window` seconds; `stale` times as many for a phone known from there."""

        failures: PositiveInt = 5
        window: Seconds = 60
        stale: PositiveInt = 10

    limits: Limits
    refusals = Refusals()
    locked_out = Distinct("locked out")

    def prepare(self) -> None:  # noqa: D102
        self.window = micros(self.limits.window)
        self.cap = self.limits.failures * self.limits.stale

    def inspect(self, event: Registration | Notice, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if facts.place is None:
            return None
        source = facts.place.key
        if isinstance(event, Notice):
            if event.name not in BLOCKED:
                return None
            severity = Severity.INFO if is_familiar(facts, memory) else None
            summary = f"The PBX blocked {source} after failed registrations"
            return self.hit(
                source, summary, severity=severity, links=self._beside(source, facts, memory), notice=event.name
            )
        if not refused(event):
            return None
        failed, solid = self.refusals.add(memory, source, event, facts.at, self.window, cap=self.cap)
        if failed < self.limits.failures:
            return None
        limit = self.cap if facts.known_place or facts.moved else self.limits.failures
        if failed < limit:
            return None
        self.refusals.clear(memory, source, solid=solid >= limit)
        return self.hit(
            source, f"{failed} failed registrations from {source}", failed=failed, limit=limit,
            window=self.limits.window, basis=resting(solid, limit),
        )  # fmt: skip

    def _beside(self, source: str, facts: Facts, memory: Memory) -> tuple[Subject, ...]:
        """The network of which several addresses were locked out, so that it is one incident."""
        network = nearby(source)
        found = self.locked_out.add(memory, network, digest(source), facts.at, Days.DAY, cap=SEVERAL)
        return of_network(network) if found >= SEVERAL else ()
