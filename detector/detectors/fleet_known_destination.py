"""A call to a block of numbers to which attackers called at other PBXs (C25)."""

from typing import Annotated

from pydantic import Field

from detector.contract.events import Call
from detector.contract.findings import Severity, Stage, SubjectKind
from detector.engine.detector import Basis, Begun, Detector, Hit
from detector.engine.enrich import familiar
from detector.engine.facts import Facts
from detector.engine.memory import Days, Memory
from detector.engine.registry import register
from detector.params import Params


@register
class FleetKnownDestination(Detector[Call]):
    """Fires for each call abroad or to a costly number whose block of numbers is on the fleet list.

    By itself it never contains anything; it makes an incident of a break-in go further.

    Quiet when: the block was called from here on `days` earlier days; the caller's address was good on an earlier
    day; emergency and internal calls.
    Runbook: ask the caller; if it was not them, treat the extension as stolen and block the numbers on the PBX.
    """

    id = "fleet.known_destination"
    control = "C25"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PROBE
    basis = Basis.HEARSAY
    attack = ("T1496",)
    reads = (Begun,)

    class Limits(Params):
        """`days` with calls to the block, from 1 to 8, make it usual here."""

        days: Annotated[int, Field(ge=1, le=Days.CAP)] = 3

    limits: Limits
    called = Days("called")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not leg.block or not facts.billable or not (leg.abroad or leg.costly):
            return None
        if not (facts.suspect_extension or facts.suspect_source):
            self.called.add(memory, leg.block, facts.at)
        listed = facts.fleet_block
        if listed is None or familiar(facts, memory):
            return None
        if self.called.before(memory, leg.block, facts.at) >= self.limits.days:
            return None
        return self.hit(
            facts.extension, f"{facts.caller} called {leg.block}, where attackers of {listed.pbxs} PBXs called"
        )
