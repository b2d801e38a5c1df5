"""An extension is registered by a device whose user agent is none of those allowed (C12)."""

from detector.contract.events import Registration
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import TRUNK
from detector.enrich.facts import Facts
from detector.memory.fields import First, Memory, Once
from detector.settings.params import Params, Seconds
from detector.settings.values import Short


@register
class RegistrationUserAgent(Detector[Registration]):
    """Fires for an accepted registration whose user agent begins with none of `allowed`, or is left out.

    The same extension from the same address is said once in `pause`.

    Quiet when: nothing is allowed by name, so that nothing is enforced; it was refused; a trunk; no phone's user agent
    was ever told by the same source at once: then it is the source that leaves it out or tells it later, not the phone.
    Runbook: if the device is the user's, allow its prefix; if not, change the password. Set the same on the PBX.
    """

    id = "registration.user_agent"
    control = "C12"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.ACCESS
    basis = Basis.TEXT
    attack = ("T1078",)
    reads = (Registration,)
    outcomes = (AccessOutcome.ACCEPTED,)
    needs = ("user_agent", "account|extension")

    class Limits(Params):
        """`allowed`: what user agents may begin with, empty is not enforced; `pause` seconds until said again."""

        allowed: tuple[Short, ...] = ()
        pause: Seconds = 3_600

    limits: Limits
    said = Once("said")
    told = First("told")

    @property
    def idle(self) -> bool:  # noqa: D102
        return not self.limits.allowed

    def inspect(self, event: Registration, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        allowed, agent, teller = self.limits.allowed, event.user_agent or "", event.source or ""
        if agent and event.revision == 0:
            self.told.add(memory, teller, facts.at)
        if agent.startswith(allowed) or event.party == TRUNK or not facts.extension:
            return None
        if not agent and self.told.since(memory, teller) is None:
            return None
        source = facts.place.key if facts.place is not None else ""
        if not self.said.passed(memory, f"{facts.extension}\x1f{source}", facts.at, micros(self.limits.pause)):
            return None
        return self.hit(
            facts.extension, f"Extension {facts.extension} registered with the user agent {agent[:64] or '(none)'}",
            user_agent=agent[:256], address=source or None,
        )  # fmt: skip
