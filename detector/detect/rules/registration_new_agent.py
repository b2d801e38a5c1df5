"""An extension registers with a kind of device that was never seen for it (C12)."""

from detector.contract.events import Registration
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import TRUNK
from detector.enrich.agents import without_version
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Params, Seconds

KEPT = 8


@register
class RegistrationNewAgent(Detector[Registration]):
    """Fires on an accepted registration whose user agent, without digits, the extension had never: information.

    Quiet when: the extension is new to us; the address is one from which it was accepted on an earlier day: a phone
    was updated or replaced there; versions differ; a trunk.
    Runbook: none by itself; it counts beside other signs of the same incident.
    """

    id = "registration.new_agent"
    control = "C12"
    subject = SubjectKind.EXTENSION
    severity = Severity.INFO
    stage = Stage.ACCESS
    basis = Basis.DERIVED
    attack = ("T1078",)
    reads = (Registration,)
    outcomes = (AccessOutcome.ACCEPTED,)
    needs = ("user_agent", "account|extension")

    class Limits(Params):
        """`memory` seconds in which a user agent has to be seen again so as not to be new."""

        memory: Seconds = 90 * 86_400

    limits: Limits
    agents = Distinct("agents", learns=True)

    def inspect(self, event: Registration, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.party == TRUNK or not event.user_agent or not facts.extension:
            return None
        agent, extension = digest(without_version(event.user_agent)), facts.extension
        length = micros(self.limits.memory)
        known = self.agents.note(memory, extension, agent, facts.at, length, cap=KEPT)
        if not known or facts.known_place or known.get(agent, facts.at - length) > facts.at - length:
            return None
        return self.hit(
            extension, f"Extension {extension} registered with a new user agent, {event.user_agent[:64]}",
            user_agent=event.user_agent[:256],
        )  # fmt: skip
