"""Somebody registers or logs in, or tries to, from a country that may not reach the PBX (C06)."""

from detector.contract.events import Login, Registration
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, of_trunk
from detector.enrich.dialling.countries import name as country_name
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Once
from detector.settings.params import Params, Seconds


@register
class SourceCountry(Detector[Registration | Login]):
    """Fires for an address outside `allowed_source_countries` that is let in, or, a warning, refused.

    Each once in `pause`. Tables of countries err, so that the country alone contains nobody.

    Quiet when: no country is allowed by name, so that nothing is enforced; the country is not known; a trunk.
    Runbook: if it was let in, ask the user; set the same countries as Allowed Country IPs on the PBX.
    """

    id = "source.country"
    control = "C06"
    subject = SubjectKind.SOURCE_IP
    severity = Severity.WARNING
    stage = Stage.RECON
    basis = Basis.COUNTRY
    attack = ("T1078",)
    reads = (Registration, Login)
    outcomes = (AccessOutcome.ACCEPTED, AccessOutcome.REJECTED)
    needs = ("source_ip",)

    class Limits(Params):
        """`pause` seconds before the same address is said again."""

        pause: Seconds = 86_400

    limits: Limits
    said = Once("said")

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        place = facts.place
        if place is None or place.country is None:
            return None
        allowed = facts.profile.extension(facts.extension or event.account).allowed_source_countries
        if not allowed or place.country in allowed:
            return None
        if of_trunk(event):
            return None
        accepted = event.outcome == AccessOutcome.ACCEPTED
        if not self.said.passed(memory, f"{place.key}\x1f{accepted}", facts.at, micros(self.limits.pause)):
            return None
        return self.hit(
            place.key, f"{place.address} in {country_name(place.country)} was {'let in' if accepted else 'refused'}",
            severity=Severity.CRITICAL if accepted else self.severity, country=place.country, account=event.account,
        )  # fmt: skip
