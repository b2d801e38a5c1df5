"""A call on an outbound route by an extension that the route is not for (C22)."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from detector.contract.events import Call
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import OUTSIDE, Begun, Detector, Hit
from detector.enrich.facts import Facts
from detector.memory.fields import Memory
from detector.settings.params import Params
from detector.settings.values import Short, as_text

RANGE = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
Who = Annotated[str, BeforeValidator(as_text), StringConstraints(min_length=1, max_length=256)]


@register
class CallRoute(Detector[Call]):
    """Fires for each outbound call on a route that has a list by an extension that is not on it.

    Quiet when: the route has no list; emergency and internal calls.
    Runbook: put the extension on the list if it needs the route; else take it off the route on the PBX, and ask who
    called.
    """

    id = "call.route"
    control = "C22"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PROBE
    attack = ("T1496",)
    reads = (Begun,)
    needs = (*OUTSIDE, "route")

    class Limits(Params):
        """`allowed`: by route the extensions, ranges such as `1000-1099` and groups that may use it."""

        allowed: dict[Short, tuple[Who, ...]] = Field(default_factory=dict)

    limits: Limits

    def prepare(self) -> None:  # noqa: D102
        self.names = {route: frozenset(listed) for route, listed in self.limits.allowed.items()}
        self.ranges = {
            route: [(int(match[1]), int(match[2])) for who in listed if (match := RANGE.fullmatch(who))]
            for route, listed in self.limits.allowed.items()
        }

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or leg.route not in self.names or not facts.billable or self._may(leg.route, facts):
            return None
        return self.hit(facts.extension, f"{facts.caller} called on route {leg.route}, which is not for it",
                        route=leg.route)  # fmt: skip

    def _may(self, route: str, facts: Facts) -> bool:
        names, extension = self.names[route], facts.extension
        if extension in names or facts.profile.extension(extension).group in names:
            return True
        if not (extension.isascii() and extension.isdigit() and len(extension) < 10):
            return False
        return any(first <= int(extension) <= last for first, last in self.ranges[route])
