"""An account is accepted from a country, network and user agent never seen for it: it may be stolen."""

from typing import Annotated

from pydantic import Field

from detector.contract.events import Registration
from detector.contract.findings import Severity, Stage, SubjectKind
from detector.engine.detector import Basis, Detector, Hit
from detector.engine.facts import Facts
from detector.engine.memory import Memory
from detector.engine.registry import register
from detector.params import Params


@register
class RegistrationNewPlace(Detector[Registration]):
    """Fires on an accepted registration whose novelty reaches `novelty`, or that comes from a guesser's address.

    Novelty is the share of country, network and user agent never seen for the account; see `models/places.py`.

    Quiet when: the account is still new to us and nobody guessed from there; a trunk's registration; the LAN.
    Runbook: ask the user; if it was not them, keep the extension restricted and change its registration password.
    """

    id = "registration.new_place"
    control = "C14"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.ACCESS
    basis = Basis.SCORE
    attack = ("T1078",)
    reads = (Registration,)

    class Limits(Params):
        """`novelty` from 0 to 1; 1 means that country, network and user agent are all new."""

        novelty: Annotated[float, Field(gt=0, le=1)] = 1.0

    limits: Limits

    def inspect(self, event: Registration, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.outcome != "accepted" or event.party == "trunk" or facts.place is None or not facts.extension:
            return None
        new = facts.novelty is not None and facts.novelty >= self.limits.novelty
        stolen = facts.suspect_source and not facts.known_place
        if facts.place.private or not (new or stolen):
            return None
        severity = Severity.CRITICAL if stolen else self.severity
        after = " after password guessing from there" if stolen else ""
        return self.hit(
            facts.extension, f"Extension {facts.extension} registered from a new place, {facts.place.address}{after}",
            severity=severity, novelty=facts.novelty, limit=self.limits.novelty, address=facts.place.address,
            country=facts.place.country,
        )  # fmt: skip
