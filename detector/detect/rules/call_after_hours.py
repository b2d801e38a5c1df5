"""An outbound call outside the calendar: at night, at the weekend, on a public holiday (C24)."""

from typing import Annotated

from pydantic import Field

from detector.contract.events import Call
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import OUTSIDE, Begun, Detector, Hit, micros
from detector.enrich.dialling.countries import name as country_name
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.memory.fields import Days as SeenOn
from detector.memory.fields import Distinct, Memory, Once
from detector.settings.params import Days, Params, Seconds

KEPT = 16
LATELY = 14 * SeenOn.DAY
Nights = Annotated[int, Field(ge=0, lt=KEPT)]


@register
class CallAfterHours(Detector[Call]):
    """Fires for an outbound call outside business hours in the PBX's own time zone, once an extension in `pause`.

    A call abroad or to a costly number is a warning; one at home only information, and so is one to a country that was
    called outside business hours on `days` earlier days, or by a PBX that called abroad so on `nights` of the last 14.

    Quiet when: emergency and internal calls; an empty calendar.
    Runbook: ask who was in the building; night staff belong into a group with its own hours.
    """

    id = "call.after_hours"
    control = "C24"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PROBE
    attack = ("T1496",)
    reads = (Begun,)
    needs = OUTSIDE

    class Limits(Params):
        """`pause` seconds before the same extension is reported again.

        A country is usual after `days`, calls abroad are after `nights` within 14 days; 0 is never.
        """

        pause: Seconds = 900
        days: Days = 3
        nights: Nights = 5

    limits: Limits
    abroad = Once("abroad")
    home = Once("home")
    nights = SeenOn("nights")
    abroad_on = Distinct("abroad on", learns=True)

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if facts.open_hours or leg is None or not facts.billable:
            return None
        alarming = facts.risky and not self._usual(leg, facts, memory)
        said = self.abroad if alarming else self.home
        if not said.passed(memory, leg.extension, facts.at, micros(self.limits.pause)):
            return None
        where = country_name(leg.country)
        return self.hit(
            leg.extension, f"{facts.caller} called {where} outside business hours",
            severity=self.severity if alarming else Severity.INFO,
        )  # fmt: skip

    def _usual(self, leg: Leg, facts: Facts, memory: Memory) -> bool:
        if leg.costly or not leg.country:
            return False
        today = facts.at // SeenOn.DAY * 2
        if not (facts.suspect_extension or facts.suspect_source):
            self.nights.add(memory, leg.country, facts.at)
            self.abroad_on.add(memory, "", today, facts.at, LATELY, cap=KEPT)
        earlier = [day for day, at in self.abroad_on.seen(memory, "").items() if day < today and at > facts.at - LATELY]
        return (0 < self.limits.days <= self.nights.before(memory, leg.country, facts.at)
                or 0 < self.limits.nights <= len(earlier))  # fmt: skip
