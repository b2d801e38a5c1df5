"""An account is accepted from a country, network and user agent never seen for it: it may be stolen."""

from typing import Annotated

from pydantic import Field

from detector.contract.events import Registration
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import TRUNK
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Once
from detector.settings.params import Params, Seconds


@register
class RegistrationNewPlace(Detector[Registration]):
    """Fires on an accepted registration whose novelty reaches `novelty`, or that comes from a guesser's address.

    Information where nobody guessed, for most who do so are travellers or have a new telephone; what they do next is
    seen in its light. The same extension from the same address is said again after `pause` at the earliest.

    Novelty is the share of country, network and user agent never seen for the account; see `models/places.py`.

    Quiet when: the account is still new to us and nobody guessed from there; it was accepted from there before the
    guessing; an office has moved there; a trunk's registration; the LAN.
    Runbook: ask the user; if it was not them, keep the extension restricted and change its registration password.
    """

    id = "registration.new_place"
    control = "C14"
    subject = SubjectKind.EXTENSION
    severity = Severity.INFO
    stage = Stage.ACCESS
    basis = Basis.SCORE
    opens = True
    attack = ("T1078",)
    reads = (Registration,)
    outcomes = (AccessOutcome.ACCEPTED,)
    needs = ("source_ip", "account|extension")

    class Limits(Params):
        """`novelty` from 0 to 1: 1 is country, network and user agent all new; `pause` seconds until said again."""

        novelty: Annotated[float, Field(gt=0, le=1)] = 1.0
        pause: Seconds = 3_600

    limits: Limits
    said = Once("said")

    def inspect(self, event: Registration, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.party == TRUNK or facts.place is None or not facts.extension:
            return None
        new = facts.novelty is not None and facts.novelty >= self.limits.novelty
        if facts.place.private or facts.moved or not (new or facts.guesser):
            return None
        severity = Severity.CRITICAL if facts.guesser else self.severity
        who = f"{facts.extension}\x1f{facts.place.key}\x1f{severity}"
        if not self.said.passed(memory, who, facts.at, micros(self.limits.pause)):
            return None
        after = " after password guessing from there" if facts.guesser else ""
        return self.hit(
            facts.extension, f"Extension {facts.extension} registered from a new place, {facts.place.address}{after}",
            severity=severity, novelty=facts.novelty, limit=self.limits.novelty, address=facts.place.address,
            country=facts.place.country, basis=None if new else Basis.DERIVED,
        )  # fmt: skip
