"""A call to a premium-rate or satellite number: where toll fraud earns its money (C26)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, RiskyBegun, micros
from detector.enrich.dialling.countries import name as country_name
from detector.enrich.dialling.numbers import Klass
from detector.enrich.facts import Facts
from detector.enrich.habits import count_talked_days, network_of
from detector.enrich.ledger import Leg
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Days, Params, Seconds

KEPT = 8
COSTLY = {Klass.PREMIUM, Klass.SATELLITE}


@register
class CallPremium(Detector[Call]):
    """Fires for each call to a premium-rate or satellite number, at home or abroad.

    Only a warning where people talked there on `days` earlier days, as with ships, or fewer were watched; and by day
    for the first numbers, unless somebody has broken in or it is nobody's call.

    Quiet when: shared-cost and toll-free numbers; emergency and internal calls.
    Runbook: ask the user; block the number on the PBX if nobody needs it.
    """

    id = "call.premium"
    control = "C26"
    subject = SubjectKind.EXTENSION
    severity = Severity.CRITICAL
    stage = Stage.PROBE
    attack = ("T1496",)
    reads = (RiskyBegun,)

    class Limits(Params):
        """The Nth of `numbers` within `window` is critical by day, too; a block is known after `days` earlier days."""

        numbers: Annotated[PositiveInt, Field(le=KEPT)] = 3
        window: Seconds = 3_600
        days: Days = 3

    limits: Limits
    called = Distinct("called")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        number, leg = facts.number, facts.leg
        if number is None or leg is None or number.klass not in COSTLY:
            return None
        where = number.network or country_name(number.country)
        return self.hit(facts.extension, f"{facts.caller} called a {number.klass} number of {where}",
                        severity=self._severity(leg, facts, memory))  # fmt: skip

    def _severity(self, leg: Leg, facts: Facts, memory: Memory) -> Severity:
        numbers = self.called.add(memory, facts.extension, digest(leg.destination), leg.started,
                                  micros(self.limits.window), cap=KEPT)  # fmt: skip
        if facts.broken_in or not facts.extension:
            return self.severity
        where = leg.block if leg.country else network_of(leg)
        if count_talked_days(memory, where, facts.at) >= self.limits.days or facts.watched_days < self.limits.days:
            return Severity.WARNING
        odd = leg.closed or numbers >= self.limits.numbers
        return self.severity if odd else Severity.WARNING
