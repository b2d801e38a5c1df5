"""A call to a country, or by an extension, that may not be called abroad (C25)."""

from detector.contract.events import Call
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, RiskyBegun
from detector.enrich.dialling.countries import name as country_name
from detector.enrich.facts import Facts
from detector.memory.fields import Memory


@register
class CallCountry(Detector[Call]):
    """Fires for each call to a country outside the extension's `allowed_destination_countries`.

    And for each call abroad where the extension's `international` is off.

    Quiet when: the list is empty (not enforced); the home country; emergency and internal calls.
    Runbook: if the country is a customer's, allow it for those who call there.
    """

    id = "call.country"
    control = "C25"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PROBE
    basis = Basis.COUNTRY
    attack = ("T1496",)
    reads = (RiskyBegun,)

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        number = facts.number
        if number is None or not number.international or not facts.billable:
            return None
        own = facts.profile.extension(facts.extension)
        if own.international and (
            not own.allowed_destination_countries or number.country in own.allowed_destination_countries
        ):
            return None
        where = number.network or country_name(number.country)
        return self.hit(facts.extension, f"{facts.caller} called {where}, which is not allowed")
