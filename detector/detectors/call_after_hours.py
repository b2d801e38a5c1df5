"""An outbound call outside the calendar: at night, at the weekend, on a public holiday (C24)."""

from detector.contract.events import Call
from detector.contract.findings import Severity, Stage, SubjectKind
from detector.engine.detector import Begun, Detector, Hit, micros
from detector.engine.facts import Facts
from detector.engine.memory import Days as SeenOn
from detector.engine.memory import Memory, Once
from detector.engine.registry import register
from detector.enrich.countries import name as country_name
from detector.params import Days, Params, Seconds


@register
class CallAfterHours(Detector[Call]):
    """Fires for an outbound call outside business hours in the PBX's own time zone, once an extension in `pause`.

    A call abroad or to a costly number is a warning; one at home only information, and so is one to a country that was
    called outside business hours on `days` earlier days.

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

    class Limits(Params):
        """`pause` seconds before the same extension is reported again; a country is usual after `days`."""

        pause: Seconds = 900
        days: Days = 3

    limits: Limits
    abroad = Once("abroad")
    home = Once("home")
    nights = SeenOn("nights")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if facts.open_hours or leg is None or not facts.billable:
            return None
        alarming = facts.risky and not (leg.country and self._usual(leg.country, facts, memory))
        said = self.abroad if alarming else self.home
        if not said.passed(memory, leg.extension, facts.at, micros(self.limits.pause)):
            return None
        where = country_name(leg.country)
        return self.hit(
            leg.extension, f"{facts.caller} called {where} outside business hours",
            severity=self.severity if alarming else Severity.INFO,
        )  # fmt: skip

    def _usual(self, country: str, facts: Facts, memory: Memory) -> bool:
        if not (facts.suspect_extension or facts.suspect_source):
            self.nights.add(memory, country, facts.at)
        return self.limits.days > 0 and self.nights.before(memory, country, facts.at) >= self.limits.days
