"""Many extensions call one block of numbers, or a country, that was never called: each below its own limit (C28)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.findings import Subject
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, RiskyBegun, micros
from detector.detect.shared.attempts import resting, vouched
from detector.detect.shared.spending import goes_as_usual
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Days, Params, Seconds

KEPT = 32
TOGETHER = 2


@register
class CallFanOut(Detector[Call]):
    """Fires when the Nth extension calls a new block of numbers within `window`; outside business hours sooner.

    Then it starts over. A country that is new counts as one block, of which only what two of them called is cut off by
    itself. Only a warning where they come one after the other over an evening, as guests of a hotel do, or all dial one
    number, as for a conference or whoever is on call, or in a country that is usual, or by day, as a call centre begins
    with new customers. While
    fewer than `days` days were watched all is new: a warning by night, information by day. A call that only its record
    tells of counts at whatever time it was up.

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
        where, at = self._place(field, facts.area, leg, memory, micros(window))
        caller = digest(facts.extension)
        callers = field.add(memory, where, caller, at, micros(window), cap=KEPT, solid=vouched(event))
        lately = self.lately.add(memory, where, caller, at, micros(self.limits.together), cap=KEPT)
        numbers = self.numbers.add(memory, where, digest(leg.destination), at, micros(window), cap=KEPT)
        if callers < limit:
            return None
        basis = resting(field.vouched(memory, where), limit)
        field.clear(memory, where)
        by_habit = not facts.broken_in if facts.open_hours else lately < limit or goes_as_usual(leg, memory, facts.at)
        one_number = numbers == 1 and not leg.costly
        most = Severity.WARNING if by_habit or one_number else self.severity
        links = callers_of(facts, facts.area, leg.started - micros(window))
        if len(callers_of(facts, leg.block, leg.started - micros(window))) < TOGETHER:
            basis = Basis.COUNTRY
        return self.hit(
            facts.area, f"{callers} extensions called {facts.area}, which is new here", extensions=callers,
            limit=limit, window=window, severity=facts.sure(self.limits.days, most), basis=basis,
            links=links,
        )  # fmt: skip

    def _place(
        self, field: Distinct, area: str, leg: Leg, memory: Memory, window: int
    ) -> tuple[str, int]:  # fmt: skip
        """Under which name and when a call counts: one that only its record tells of, at any time at which it was up.

        Records come when their calls are over. What is too old to be counted with the newest is counted with what came
        as late.
        """
        ended = leg.ended or leg.started
        for where in (area, f"{area}\x1flate"):
            newest = max(field.seen(memory, where).values(), default=leg.started)
            at = min(max(leg.started, newest), ended)
            if at > newest - window:
                return where, at
        for late in (field, self.lately, self.numbers):
            late.clear(memory, where)
        return where, leg.started


def callers_of(facts: Facts, area: str, since: int) -> tuple[Subject, ...]:
    """Every extension that is known to have called there since then."""
    legs = [leg for leg in facts.ledger.recent(area) if leg.started > since]
    return tuple(Subject(SubjectKind.EXTENSION, each) for each in dict.fromkeys(leg.extension for leg in legs))
