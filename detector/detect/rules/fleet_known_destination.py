"""A call to a block of numbers to which attackers called at other PBXs (C25)."""

from detector.contract.events import Call
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, RiskyBegun
from detector.enrich.facts import Facts
from detector.enrich.habits import is_familiar
from detector.memory.fields import Memory
from detector.settings.params import Days, Params


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
    from_fleet = True
    attack = ("T1496",)
    reads = (RiskyBegun,)

    class Limits(Params):
        """`days` with calls to the block, up to 8, make it usual here."""

        days: Days = 3

    limits: Limits

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        listed = facts.fleet_block
        if leg is None or listed is None or not facts.risky or not facts.new_block(self.limits.days):
            return None
        if is_familiar(facts, memory):
            return None
        return self.hit(
            facts.extension, f"{facts.caller} called {leg.block}, where attackers of {listed.pbxs} PBXs called"
        )
