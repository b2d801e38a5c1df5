"""An outbound call outside the calendar: at night, at the weekend, on a public holiday (C24)."""

from detector.contract.events import Call
from detector.contract.findings import Severity, Stage, SubjectKind
from detector.engine.detector import Begun, Detector, Hit, micros
from detector.engine.facts import Facts
from detector.engine.memory import Memory, Once
from detector.engine.registry import register
from detector.enrich.countries import name as country_name
from detector.params import Params, Seconds


@register
class CallAfterHours(Detector[Call]):
    """Fires for an outbound call outside business hours in the PBX's own time zone, once an extension in `pause`.

    A call abroad or to a costly number is a warning, one at home only information.

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
        """`pause` seconds before the same extension is reported again."""

        pause: Seconds = 900

    limits: Limits
    abroad = Once("abroad")
    home = Once("home")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if facts.open_hours or leg is None or not facts.billable:
            return None
        risky = leg.abroad or leg.costly
        said = self.abroad if risky else self.home
        if not said.passed(memory, leg.extension, facts.at, micros(self.limits.pause)):
            return None
        where = country_name(leg.country)
        return self.hit(
            leg.extension, f"{facts.caller} called {where} outside business hours",
            severity=self.severity if risky else Severity.INFO,
        )  # fmt: skip
