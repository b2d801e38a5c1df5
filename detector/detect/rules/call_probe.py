"""A few short calls to numbers abroad that this PBX never called: somebody tests what gets through (C25)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, RiskyEnded, micros
from detector.detect.shared.attempts import resting, vouched
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Days, Params, Seconds

KEPT = 32


@register
class CallProbe(Detector[Call]):
    """Fires on the Nth answered call of one extension of at most `talk` to new blocks within `window`; starts over.

    To a country that was called on `days` earlier days it takes `usual` calls.

    Quiet when: the calls are not answered (a busy fax machine) or last; the block was called on `days` earlier days;
    calls at home; several legs of one call; emergency and internal calls.
    Runbook: ask the user; pumping follows within hours, so keep the extension from calling abroad until you know.
    """

    id = "call.probe"
    control = "C25"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PROBE
    attack = ("T1496",)
    reads = (RiskyEnded,)
    needs = ("extension", "talk|answered_at")

    class Limits(Params):
        """`calls` of at most `talk` seconds within `window`, `usual` to known countries.

        Blocks and countries are known after calls on `days` earlier days.
        """

        calls: Annotated[PositiveInt, Field(le=KEPT)] = 3
        usual: Annotated[PositiveInt, Field(le=KEPT)] = 15
        talk: Seconds = 20
        window: Seconds = 6 * 3_600
        days: Days = 1

    limits: Limits
    short = Distinct("short")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not facts.extension or not facts.risky:
            return None
        if not facts.ended_now:
            return None
        if not 0 < leg.talk <= micros(self.limits.talk) or not facts.new_block(self.limits.days):
            return None
        calls = self.short.add(memory, facts.extension, digest(leg.call_id), facts.at, micros(self.limits.window),
                                     cap=KEPT, solid=vouched(event))  # fmt: skip
        known = facts.country_days >= max(1, self.limits.days)
        limit = self.limits.usual if known else self.limits.calls
        if calls < limit:
            return None
        sure = self.short.vouched(memory, facts.extension)
        self.short.clear(memory, facts.extension)
        return self.hit(
            facts.extension, f"{facts.caller} made {calls} short calls to numbers that are new here", calls=calls,
            limit=limit, severity=None if facts.sure(self.limits.days) is not Severity.INFO else Severity.INFO,
            window=self.limits.window, basis=resting(sure, limit),
        )  # fmt: skip
