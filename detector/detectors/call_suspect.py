"""An extension that was just taken over calls abroad: the probe call before the pumping."""

from detector.contract.events import Call
from detector.contract.findings import Severity, Stage, SubjectKind
from detector.engine.detector import Basis, Detector, Hit, RiskyBegun
from detector.engine.facts import Facts
from detector.engine.memory import Memory
from detector.engine.registry import register
from detector.enrich.countries import name as country_name
from detector.params import Days, Params


@register
class CallSuspect(Detector[Call]):
    """Fires for each call abroad or to a costly number by an extension, or from an address, of an open break-in.

    After a registration from a new place and nothing worse only for numbers that are new here, too; while fewer than
    `days` days were watched all is new: a warning by night, information by day.

    Quiet when: nobody guessed from that address and the extension was not accepted from a new place; it was no more
    than that and the block of numbers was called on `days` earlier days.
    Runbook: treat the extension as stolen: keep it restricted, change its password, look at where it is registered.
    """

    id = "call.suspect"
    control = "C25"
    subject = SubjectKind.EXTENSION
    severity = Severity.CRITICAL
    stage = Stage.PROBE
    basis = Basis.DERIVED
    attack = ("T1078", "T1496")
    reads = (RiskyBegun,)

    class Limits(Params):
        """`days`: a block of numbers is known after calls on so many earlier days."""

        days: Days = 3

    limits: Limits

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not facts.billable or not (leg.abroad or leg.costly):
            return None
        if not (facts.suspect_extension or facts.suspect_source):
            return None
        where = country_name(leg.country)
        if facts.broken_in:
            return self.hit(leg.extension, f"{facts.caller}, believed stolen, called {where}")
        if not facts.new_block(self.limits.days):
            return None
        return self.hit(
            leg.extension, f"{facts.caller}, in from a new place, called {where}",
            severity=facts.sure(self.limits.days),
        )  # fmt: skip
