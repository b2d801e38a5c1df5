"""One extension holds more outbound calls at once than a person does (C28)."""

from collections import Counter
from collections.abc import Sequence

from pydantic import PositiveInt

from detector.contract.events import Call
from detector.contract.visibility import Want
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import CHARGED, Begun, Detector, Hit, micros
from detector.detect.shared.forwardings import is_callers
from detector.detect.shared.records import BITS, LOOK_BACK, basis_of, instant, recorded, rest_on, span_of
from detector.detect.shared.spending import goes_as_usual
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.memory.fields import Memory, Once, digest
from detector.memory.spans import Spans, most_at_once
from detector.settings.params import Params, Seconds

ODD, MEMBER, COUNTRY = 1 << BITS, 2 << BITS, 2 + BITS
"""Of a recorded call: it is no ordinary one; a conference made it; above that bit stands to which country it went."""
COUNTRIES = (1 << 32) - 1
KEPT = 24
"""Recorded calls of an extension that are remembered, where its limits are not higher."""


@register
class CallConcurrentExtension(Detector[Call]):
    """Fires when the Nth outbound call of one extension is up at the same time; again after `pause` at the earliest.

    Members whom a conference has called count by a limit of their own. Only a warning as long as most are within
    business hours and at home, or to a block of numbers, or a country, that is usual for whoever calls; and by day to
    several countries below `by_day`, for so people are brought together, unless somebody may be in who should not.
    Where only records tell of calls, those count that lay over one another, once the last of them is over.

    Quiet when: several legs of one call; calls that others made and the extension forwards to where it usually does;
    internal and emergency calls.
    Runbook: hang up what the user does not know of, change the extension's password, look where it is registered.
    """

    id = "call.concurrent_extension"
    control = "C28"
    subject = SubjectKind.EXTENSION
    severity = Severity.CRITICAL
    stage = Stage.PUMPING
    attack = ("T1496",)
    reads = (Begun,)
    lives_on = ((Want("call.started|answered", CHARGED),), (Want("call.ended", (*CHARGED, "started_at")),))

    class Limits(Params):
        """`calls` up at once, `conference` with members of conferences; `pause` seconds before it is said again.

        Within business hours `by_day` of them are critical, and `calls` to one country.
        """

        calls: PositiveInt = 4
        by_day: PositiveInt = 8
        conference: PositiveInt = 20
        pause: Seconds = 300

    limits: Limits
    said = Once("said")
    over = Spans("over")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not facts.extension or not facts.billable or is_callers(leg, memory):
            return None
        if not leg.up:
            return self._recorded(event, leg, facts, memory) if recorded(leg, facts) else None
        limit = self.limits.calls
        if facts.ledger.calls(SubjectKind.EXTENSION, facts.extension) < limit:
            return None
        up = [one for one in facts.ledger.up(SubjectKind.EXTENSION, facts.extension) if not is_callers(one, memory)]
        calls = len({one.call_id for one in up})
        alone = {each.call_id for each in up if not each.conference}
        if len(alone) < limit and calls < (limit := max(limit, self.limits.conference)):
            return None
        odd = [digest(each.country) for each in up if is_odd(each, memory, facts.at)]
        severity = self._severity(odd, len(up), facts)
        if not self._may_say(severity, facts.at, facts, memory):
            return None
        return self.hit(
            facts.extension, f"Extension {facts.extension} holds {calls} outbound calls at once",
            severity=severity, calls=calls, limit=limit, basis=rest_on(up, limit),
        )  # fmt: skip

    def _recorded(self, event: Call, leg: Leg, facts: Facts, memory: Memory) -> Hit | None:
        """The calls that lay over one that is over, by their records."""
        limit, conference = self.limits.calls, max(self.limits.calls, self.limits.conference)
        about = (1 if is_odd(leg, memory, facts.at) else 0) | (2 if leg.conference else 0) | country_bits(leg)
        found = self.over.add(memory, facts.extension, span_of(leg, event, facts, about), LOOK_BACK,
                              cap=max(KEPT, conference + 1))  # fmt: skip
        if len(found) < limit:
            return None
        moment, up = most_at_once(call for call in found if not call.about & MEMBER)
        if len(up) < limit:
            moment, up = most_at_once(found)
            if len(up) < (limit := conference):
                return None
        severity = self._severity([call.about >> COUNTRY for call in up if call.about & ODD], len(up), facts)
        if not self._may_say(severity, moment, facts, memory):
            return None
        return self.hit(
            facts.extension, f"Extension {facts.extension} held {len(up)} outbound calls at once, their records say",
            severity=severity, basis=basis_of(up, limit), calls=len(up), limit=limit, moment=instant(moment),
        )  # fmt: skip

    def _severity(self, countries: Sequence[int], calls: int, facts: Facts) -> Severity:
        """By the countries of the calls that are odd."""
        stolen = facts.suspect_extension or facts.suspect_source or not facts.open_hours
        to_one = max(Counter(countries).values(), default=0) >= self.limits.calls
        enough = stolen or to_one or len(countries) >= self.limits.by_day
        return self.severity if enough and 2 * len(countries) >= calls else Severity.WARNING

    def _may_say(self, severity: Severity, moment: int, facts: Facts, memory: Memory) -> bool:
        return self.said.passed(memory, f"{facts.extension} {severity}", moment, micros(self.limits.pause))


def country_bits(leg: Leg) -> int:
    """To which country a recorded call went."""
    return (digest(leg.country) & COUNTRIES) << (COUNTRY - BITS)


def is_odd(leg: Leg, memory: Memory, at: int) -> bool:
    """Whether it is none of the calls that are made every day."""
    return leg.closed or ((leg.abroad or leg.costly) and not goes_as_usual(leg, memory, at))
