"""A route that leads abroad asks for a PIN (C23)."""

from detector.audit.posture import Posture
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class RoutePinCheck(PostureCheck):
    """Calls abroad need a PIN."""

    id = "route_pin"
    control = "C23"
    title = "Calls abroad need a PIN"
    severity = Severity.CRITICAL
    reason = "A thief who has an extension still needs the PIN."
    steps = (
        "Call Control > Outbound Route > (route): set Outbound Route Password to a single PIN or, better, a PIN list.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        abroad = [route for route in posture.routes.known() if route.abroad]
        bare = [route.name for route in abroad if route.pin not in ("single_pin", "pin_list")]
        if bare:
            return self.weak(f"{len(bare)} routes lead abroad without a PIN", posture.routes, evidence=bare)
        evidence = [route.name for route in abroad]
        return self.good(f"{len(abroad)} routes lead abroad, all with a PIN", posture.routes, evidence=evidence)
