"""One or two long calls a night to the same block of numbers, for several nights (C24)."""

from typing import Annotated

from pydantic import Field

from detector.contract.events import Call
from detector.contract.kinds import SLOW_PUMPING
from detector.contract.visibility import Want
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import OUTSIDE, Detector, Hit, RiskyEnded, micros
from detector.enrich.facts import Facts
from detector.enrich.habits import LASTS_DAYS, SECOND_MICROS, USUAL_SECONDS
from detector.memory.ageing import Daily
from detector.memory.fields import Memory, Window
from detector.settings.params import Days, Params, Seconds

APART = 14 * 3_600_000_000
"""What lies so far apart is not of the same night."""
Nights = Annotated[int, Field(ge=1, le=16)]


@register
class CallSlowPumping(Detector[Call]):
    """Fires when a block of numbers was called for long outside business hours on `nights` within `window`.

    Once a night; critical from `critical_nights` on. All of a country that is not usual counts as one block.

    It may be the night watch who calls the family: without other signs nothing is done without a person.

    Quiet when: the block was called within business hours on `days` days of the last weeks, for a quarter of an hour in
    all; the calls are shorter than `talk`; calls at home; emergency and internal calls.
    Runbook: listen to whoever is on the line next night; if nobody is in the building, treat the extension as stolen.
    """

    id = "call.slow_pumping"
    control = "C24"
    subject = SubjectKind.DESTINATION
    severity = Severity.WARNING
    stage = Stage.PUMPING
    kind = SLOW_PUMPING
    attack = ("T1496",)
    reads = (RiskyEnded,)
    lives_on = ((Want("call.ended", (*OUTSIDE, "talk|answered_at")),),)

    class Limits(Params):
        """`nights` within `window` with a call of `talk` seconds or more; `critical_nights` of them are critical.

        `days` with calls within business hours make the block usual here.
        """

        nights: Nights = 3
        critical_nights: Nights = 5
        talk: Seconds = 1_200
        window: Seconds = 14 * 86_400
        days: Days = 2

    limits: Limits
    nights = Window("nights")
    by_day = Daily("talked by day")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not leg.block or not facts.risky or not facts.ended_now:
            return None
        if leg.talk and not leg.closed and not (facts.suspect_extension or facts.suspect_source):
            for name in (leg.block, leg.country):
                self.by_day.add(memory, name, leg.started, leg.talk // SECOND_MICROS)
        if leg.talk < micros(self.limits.talk) or not leg.closed:
            return None
        area = leg.block if not leg.land or self._usual(leg.country, facts, memory) else leg.land
        if self.nights.count(memory, area, leg.started + APART, 2 * APART):
            return None
        nights = self.nights.add(memory, area, leg.started, micros(self.limits.window), cap=16)
        if nights < self.limits.nights or self._usual(leg.block, facts, memory):
            return None
        severity = Severity.CRITICAL if nights >= self.limits.critical_nights else self.severity
        return self.hit(
            area, f"Long calls to {area} outside business hours on {nights} nights", severity=severity,
            basis=None if facts.broken_in else Basis.LIMIT, nights=nights, limit=self.limits.nights,
        )  # fmt: skip

    def _usual(self, name: str, facts: Facts, memory: Memory) -> bool:
        days, seconds = self.by_day.before(memory, name, facts.at, LASTS_DAYS)
        return days >= self.limits.days and (seconds >= USUAL_SECONDS or not self.limits.days)
