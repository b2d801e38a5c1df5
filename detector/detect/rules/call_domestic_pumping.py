"""One number, or one block of numbers, at home is called far more than a firm calls anybody (C27)."""

from collections.abc import Iterator

from msgspec import Struct
from pydantic import PositiveInt

from detector.contract.events import Call
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import CHARGED, Detector, Ended, Hit, micros
from detector.enrich.facts import Facts
from detector.enrich.habits import watched_days
from detector.enrich.ledger import Leg
from detector.memory.cells import Cells
from detector.memory.fields import Days as SeenOn
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Days, Params, Seconds

BLOCK_DIGITS = 4
"""A block at home are the numbers that differ in their last four digits."""
BUSY = 4
"""A day on which a number came to a quarter of a limit is one of being busy with it; then it takes four times that."""
LEVELS = 3
KEPT = 64
MANY = 10
"""So many extensions are a firm that calls somebody, not a telephone that was stolen."""


class Busyness(Struct, frozen=True):
    """How much a number or block was called lately, and how much it may be: calls, and microseconds of talk."""

    area: str
    calls: int
    talk: int
    most_calls: int
    most_talk: int

    def reaches(self, share: int = 1) -> bool:
        """Whether it comes to a `share`-th of what it may be."""
        return self.calls * share >= self.most_calls or self.talk * share >= self.most_talk

    def times(self, factor: int) -> "Busyness":
        """The same where so many times as much may be."""
        return Busyness(self.area, self.calls, self.talk, factor * self.most_calls, factor * self.most_talk)


@register
class CallDomesticPumping(Detector[Call]):
    """Fires on the Nth call to one number at home within `window`, or when calls to it last for `talk` together.

    Carriers share what terminates a call at home as well: numbers that are called for money need not be abroad. A block
    of numbers takes `blocks` times as many. Then it starts over. A number that was busy on `days` earlier days may be
    four times as busy as it was. Within business hours it is only information where most extensions call once, as for a
    conference, or many do while fewer than `days` days were watched.

    Quiet when: the number was called about as busily on `days` earlier days (a hotline, a partner's switchboard); the
    calls go to many numbers; they go abroad, which other rules judge; emergency and internal calls.
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
    called = Cells("called by cells")
    talked = Cells("talked by cells")
    callers = Distinct("callers")
    by_them = Distinct("by them")
    busy = SeenOn("busy")

    def prepare(self) -> None:  # noqa: D102
        self.window, self.within, self.talk = map(micros, (self.limits.window, self.limits.within, self.limits.talk))

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not facts.ended_now or not facts.billable or facts.risky or not facts.extension:
            return None
        for area, times in areas(leg, self.limits.blocks):
            now = Busyness(
                area, self.called.add(memory, area, facts.at, 1, self.window),
                self.talked.add(memory, area, facts.at, leg.talk, self.within),
                times * self.limits.calls, times * self.talk,
            )  # fmt: skip
            if not now.reaches(BUSY):
                continue
            usual = self._level(now, facts, memory)
            hit = self._judge(now, usual, leg, facts, memory)
            if hit is not None or usual:  # a number that is called every day must not make its block look busy
                return hit
        return None

    def _judge(self, now: Busyness, usual: int, leg: Leg, facts: Facts, memory: Memory) -> Hit | None:
        """Of a number that is busy: whether it is more so than usual, and who calls it."""
        extensions = self.callers.add(memory, now.area, digest(leg.extension), facts.at, self.within, cap=KEPT)
        made = self.by_them.add(memory, now.area, digest(leg.call_id), facts.at, self.within, cap=KEPT)
        most = now.times(BUSY**usual)
        if not most.reaches():
            return None
        for field in (self.called, self.talked, self.callers, self.by_them):
            field.clear(memory, now.area)
        once_each = 2 * extensions > made
        new_here = extensions >= MANY and watched_days.before(memory, "", facts.at) < self.limits.days
        return self.hit(
            facts.extension, f"{now.area} at home was called {now.calls} times, last by extension {facts.extension}",
            severity=Severity.INFO if (once_each or new_here) and not leg.closed else self.severity, calls=now.calls,
            limit=most.most_calls, talk=now.talk // 1_000_000, limit_talk=most.most_talk // 1_000_000,
            extensions=extensions,
        )  # fmt: skip

    def _level(self, now: Busyness, facts: Facts, memory: Memory) -> int:
        """How many times over, each four times the one before, it is usual that the number is busy.

        Today's level is noted, unless somebody who was seen breaking in makes the calls.
        """
        usual = 0
        for level in range(LEVELS):
            named = f"{now.area}\x1f{level}"
            if now.times(BUSY**level).reaches(BUSY) and not (facts.suspect_extension or facts.suspect_source):
                self.busy.add(memory, named, facts.at)
            if usual == level and self.busy.before(memory, named, facts.at) >= self.limits.days:
                usual = level + 1
        return usual


def areas(leg: Leg, blocks: int) -> Iterator[tuple[str, int]]:
    """The number that was called and its block, with how many times the limits each may take."""
    yield leg.destination, 1
    if leg.destination.startswith("+"):
        yield leg.destination[:-BLOCK_DIGITS], blocks
