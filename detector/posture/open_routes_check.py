"""Who may call out, above all abroad (C22)."""

import re

from detector.audit.posture import Posture, RoutePosture, UnknownError
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

ALL = re.compile(r"(?<![a-z])(all|default|everybody|everyone|company)(?![a-z])")
ALMOST = 0.9


@register
class OpenRoutesCheck(PostureCheck):
    """No route is open to everybody without need."""

    id = "open_routes"
    control = "C22"
    title = "No route is open to everybody without need"
    severity = Severity.CRITICAL
    reason = "A thief calls abroad with any extension he finds; only those who need a route should have it."
    steps = (
        "Call Control > Outbound Route > (route) > Extension: select only the extensions and groups that need it.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        wanted = posture.declared.routes_for_everybody or ()
        routes = posture.routes.known()
        everybody = {e.number for e in posture.extensions.known()}
        wide = [r for r in routes if is_open(r, everybody) and r.name not in wanted]
        abroad = [r for r in wide if r.abroad]
        if wide:
            return self.weak(
                f"{len(wide)} routes are open to everybody", posture.routes, posture.extensions,
                evidence=[f"{r.name}{' (abroad)' if r.abroad else ''}" for r in wide],
                severity=Severity.CRITICAL if abroad else Severity.INFO,
            )  # fmt: skip
        grouped = [r.name for r in routes if r.abroad and r.groups and r.name not in wanted]
        if grouped:
            raise UnknownError(f"who is in the groups of {', '.join(grouped[:5])} is not read")
        return self.good("every route has its own users", posture.routes, posture.extensions)


def is_open(route: RoutePosture, everybody: set[str]) -> bool:
    """Whether nine of ten extensions have the route, or a group has it that is named after everybody."""
    if any(ALL.search(name.casefold()) for name in route.groups):
        return True
    return bool(everybody) and len(everybody & set(route.members)) >= ALMOST * len(everybody)
