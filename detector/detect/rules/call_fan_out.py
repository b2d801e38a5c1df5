"""Many extensions call one block of numbers, or a country, that was never called: each below its own limit (C28)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.findings import Subject
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, RiskyBegun, micros
from detector.detect.shared.attempts import resting, vouched
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Days, Params, Seconds

KEPT = 32


@register
class CallFanOut(Detector[Call]):
    """Fires when the Nth extension calls a new block of numbers within `window`; outside business hours sooner.

    Then it starts over. A country that is new counts as one block. Only a warning where they come one after the other
    over an evening, as guests of a hotel do, or all dial one number, as for a conference or whoever is on call. While
    fewer than `days` days were watched all is new: a warning by night, information by day.

    Quiet when: the block was called on `days` earlier days; calls at home; emergency and internal calls.
    Runbook: the extensions named in the incident have leaked together: change all their passwords.
    """

    id = "call.fan_out"
    control = "C28"
    subject = SubjectKind.DESTINATION
    severity = Severity.CRITICAL
    stage = Stage.PUMPING
    attack = ("T1496",)
    reads = (RiskyBegun,)
    needs = ("extension",)

    class Limits(Params):
        """`extensions` within `window` seconds; `closed` of them within `closed_window` outside business hours.

        Those are critical if they come within `together` seconds. A block is known after calls on `days` earlier days.
        """

        extensions: Annotated[PositiveInt, Field(le=KEPT)] = 5
        window: Seconds = 600
        closed: Annotated[PositiveInt, Field(le=KEPT)] = 3
        closed_window: Seconds = 6 * 3_600
        together: Seconds = 3_600
        days: Days = 3

    limits: Limits
    open = Distinct("open")
    closed = Distinct("closed")
    lately = Distinct("lately")
    numbers = Distinct("numbers")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not facts.extension or not facts.risky or not facts.new_block(self.limits.days):
            return None
        field, limit, window = self.open, self.limits.extensions, self.limits.window
        if not facts.open_hours:
            field, limit, window = self.closed, self.limits.closed, self.limits.closed_window
        area = facts.area
        lately = self.lately.add(memory, area, digest(facts.extension), leg.started, micros(self.limits.together),
                                       cap=KEPT)  # fmt: skip
        callers = field.add(memory, area, digest(facts.extension), leg.started, micros(window), cap=KEPT,
                                  solid=vouched(event))  # fmt: skip
        numbers = self.numbers.add(memory, area, digest(leg.destination), leg.started, micros(window), cap=KEPT)
        if callers < limit:
            return None
        sure = field.vouched(memory, area)
        field.clear(memory, area)
        legs = [each for each in facts.ledger.recent(area) if each.started > leg.started - micros(window)]
        scattered = not facts.open_hours and lately < limit
        one_number = numbers == 1 and not leg.costly
        most = Severity.WARNING if scattered or one_number else self.severity
        return self.hit(
            area, f"{callers} extensions called {area}, which is new here", extensions=callers, limit=limit,
            window=window, severity=facts.sure(self.limits.days, most), basis=resting(sure, limit),
            links=tuple(Subject(SubjectKind.EXTENSION, each) for each in dict.fromkeys(leg.extension for leg in legs)),
        )  # fmt: skip
