"""An extension that was just taken over calls abroad: the probe call before the pumping."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.visibility import Want
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import CHARGED, OUTSIDE, Detector, Hit, RiskyBegun, micros
from detector.detect.shared.attempts import vouched
from detector.enrich.dialling.countries import name as country_name
from detector.enrich.facts import Facts
from detector.enrich.habits import LASTS_DAYS
from detector.enrich.ledger import Leg
from detector.memory.ageing import LastDays
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Days, Params, Seconds

KEPT = 32
AT_ONCE = 2


@register
class CallSuspect(Detector[Call]):
    """Fires for each call abroad or to a costly number by an extension, or from an address, of an open break-in.

    After a registration from a new place and nothing worse only for numbers that are new here, too: a warning, and
    critical from the Nth number within `window` on, unless the extension called new numbers on `days` earlier days and
    this one is in no new country. In new countries with several calls up at once that is sure enough to act upon, and
    by night two are enough.
    While fewer than `days` days were watched all is new: by day that is information, and so is a call to the country
    from which the extension came in, for travellers call where they are.

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
    prolongs = False
    attack = ("T1078", "T1496")
    reads = (RiskyBegun,)
    lives_on = (
        (Want("registration.accepted", ("source_ip", "account|extension")), Want("call", CHARGED)),
        (Want("registration.rejected", ("source_ip",)), Want("call", (*OUTSIDE, "source_ip"))),
    )

    class Limits(Params):
        """`numbers` within `window` seconds are critical; a block is known after calls on `days` earlier days."""

        numbers: Annotated[PositiveInt, Field(le=KEPT)] = 3
        window: Seconds = 3_600
        days: Days = 3

    limits: Limits
    called = Distinct("called")
    calling_new = LastDays("calling new")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not facts.billable or not (leg.abroad or leg.costly):
            return None
        new = facts.new_block(self.limits.days)
        if not (facts.suspect_extension or facts.suspect_source):
            if new and leg.extension:
                self.calling_new.add(memory, leg.extension, facts.at)
            return None
        where = country_name(leg.country)
        if facts.broken_in:
            return self.hit(leg.extension, f"{facts.caller}, believed stolen, called {where}")
        if not new:
            return None
        pumping = is_pumping(leg, facts)
        severity = self._severity(event, leg, facts, memory, pumping=pumping)
        return self.hit(
            leg.extension, f"{facts.caller}, in from a new place, called {where}",
            severity=severity, basis=Basis.BEHAVIOUR if pumping and severity is self.severity else None,
        )  # fmt: skip

    def _severity(self, event: Call, leg: Leg, facts: Facts, memory: Memory, *, pumping: bool) -> Severity:
        if leg.country in facts.came_from and not leg.costly:
            return Severity.INFO
        numbers = self.called.add(memory, leg.extension, digest(leg.destination), leg.started,
                                  micros(self.limits.window), cap=KEPT, solid=vouched(event))  # fmt: skip
        usual = self.calling_new.before(memory, leg.extension, facts.at, LASTS_DAYS) >= self.limits.days > 0
        limit = AT_ONCE if leg.closed and pumping else self.limits.numbers
        few = (numbers < limit or (usual and not facts.new_country)) and not leg.costly
        return facts.sure(self.limits.days, Severity.WARNING if few else self.severity)


def is_pumping(leg: Leg, facts: Facts) -> bool:
    """Whether whoever is not at home and calls a country where nobody calls holds several such calls at once."""
    up = facts.ledger.up(SubjectKind.EXTENSION, leg.extension)
    away = {each.call_id for each in up if (each.abroad or each.costly) and not each.familiar}
    return facts.new_country and facts.place is not None and not facts.at_home and len(away) >= AT_ONCE
