"""A route that leads abroad is shut at night, at weekends and on holidays (C24)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class TimeConditionCheck(PostureCheck):
    """Calls abroad end with business hours."""

    id = "time_condition"
    control = "C24"
    title = "Calls abroad end with business hours"
    severity = Severity.WARNING
    reason = "Fraud happens at night and at weekends, when nobody looks."
    steps = (
        "Call Control > Outbound Route > (route) > Time Condition: select Business Hours.",
        "Call Control > Business Hours and Holidays: keep both up to date.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        conditions = told(posture.declared.routes_with_time_condition, "routes_with_time_condition")
        abroad = [route.name for route in posture.routes.known() if route.abroad]
        always = [name for name in abroad if name not in conditions.known()]
        if always:
            return self.weak("calls abroad are possible at any hour", posture.routes, conditions, evidence=always)
        return self.good("calls abroad end with business hours", posture.routes, conditions, evidence=abroad)
