"""One number, or one block of numbers, at home is called far more than a firm calls anybody (C27)."""

from collections.abc import Iterator

from pydantic import PositiveInt

from detector.contract.events import Call
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import CHARGED, Detector, Ended, Hit, micros
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.memory.fields import Days as SeenOn
from detector.memory.fields import Memory, Sum, Window
from detector.settings.params import Days, Params, Seconds

BLOCK_DIGITS = 4
"""A block at home are the numbers that differ in their last four digits."""
BUSY = 4
"""A day on which a number came to a quarter of the limit is one of being busy with it."""


@register
class CallDomesticPumping(Detector[Call]):
    """Fires on the Nth call to one number at home within `window`, or when calls to it last for `talk` together.

    Carriers share what terminates a call at home as well: numbers that are called for money need not be abroad. A block
    of numbers takes `blocks` times as many. Then it starts over.

    Quiet when: the number was called as busily on `days` earlier days (a hotline, a partner's switchboard); the calls
    go to many numbers; they go abroad, which other rules judge; emergency and internal calls.
    Runbook: ask whoever uses the extension whom it calls; if nobody knows, treat it as stolen and block the number.
    """

    id = "call.domestic_pumping"
    control = "C27"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PUMPING
    attack = ("T1496",)
    reads = (Ended,)
    needs = CHARGED

    class Limits(Params):
        """`calls` within `window` seconds, or `talk` seconds of calls within `within`; `blocks` times that for a block.

        `days` as busy with the same number make it usual.
        """

        calls: PositiveInt = 150
        window: Seconds = 6 * 3_600
        talk: Seconds = 12 * 3_600
        within: Seconds = 24 * 3_600
        blocks: PositiveInt = 3
        days: Days = 3

    limits: Limits
    called = Window("called")
    talked = Sum("talked")
    busy = SeenOn("busy")

    def prepare(self) -> None:  # noqa: D102
        self.window, self.within, self.talk = map(micros, (self.limits.window, self.limits.within, self.limits.talk))

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not facts.ended_now or not facts.billable or facts.risky or not facts.extension:
            return None
        for area, times in areas(leg, self.limits.blocks):
            hit = self._count(area, times, leg, facts, memory)
            if hit is not None:
                return hit
        return None

    def _count(self, area: str, times: int, leg: Leg, facts: Facts, memory: Memory) -> Hit | None:
        limit = times * self.limits.calls
        calls = self.called.add(memory, area, facts.at, self.window, cap=limit)
        if leg.talk:
            self.talked.add(memory, area, facts.at, leg.talk, self.within)
        talk = self.talked.total(memory, area, facts.at, self.within)
        if calls * BUSY >= limit or talk * BUSY >= times * self.talk:
            self.busy.add(memory, area, facts.at)
        if (calls < limit and talk < times * self.talk) or self.busy.before(memory, area, facts.at) >= self.limits.days:
            return None
        self.called.clear(memory, area)
        self.talked.clear(memory, area)
        return self.hit(
            facts.extension, f"{area} at home was called {calls} times, last by extension {facts.extension}",
            calls=calls, limit=limit, talk=talk // 1_000_000, limit_talk=times * self.limits.talk,
        )  # fmt: skip


def areas(leg: Leg, blocks: int) -> Iterator[tuple[str, int]]:
    """The number that was called and its block, with how many times the limits each may take."""
    yield leg.destination, 1
    if leg.destination.startswith("+"):
        yield leg.destination[:-BLOCK_DIGITS], blocks
