"""One extension calls many different numbers at home for a moment each: robocalls over your trunk (C27)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call
from detector.contract.kinds import ROBOCALLS
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import CHARGED, Detector, Ended, Hit, micros
from detector.detect.shared.attempts import resting, vouched
from detector.enrich.facts import Facts
from detector.memory.fields import Days as SeenOn
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Days, Params, Seconds

KEPT = 60


@register
class CallRobocalls(Detector[Call]):
    """Fires when the Nth different number at home was called for at most `talk` within `window`, then starts over.

    Before the PBX was watched on `days` earlier days it only learns who calls like that.

    Quiet when: the extension, or its group, called like that on `days` earlier days: a call centre; one number is
    dialled again and again; calls abroad; emergency and internal calls.
    Runbook: look at where the extension is registered; give a call centre's group limits of its own.
    """

    id = "call.robocalls"
    control = "C27"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PUMPING
    kind = ROBOCALLS
    attack = ("T1496",)
    reads = (Ended,)
    needs = CHARGED

    class Limits(Params):
        """`numbers` within `window` seconds called for at most `talk` seconds; usual after `days` earlier days."""

        numbers: Annotated[PositiveInt, Field(le=KEPT)] = 40
        window: Seconds = 3_600
        talk: Seconds = 30
        days: Days = 3

    limits: Limits
    called = Distinct("called")
    watched = SeenOn("watched")
    usual = SeenOn("usual")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        leg = facts.leg
        if leg is None or not facts.ended_now or not facts.extension or not facts.billable or facts.risky:
            return None
        self.watched.add(memory, "", facts.at)
        if leg.talk > micros(self.limits.talk):
            return None
        numbers = self.called.add(memory, facts.extension, digest(leg.destination), facts.at,
                                        micros(self.limits.window), cap=KEPT, solid=vouched(event))  # fmt: skip
        if numbers < self.limits.numbers:
            return None
        sure = self.called.vouched(memory, facts.extension)
        self.called.clear(memory, facts.extension)
        team, known = facts.profile.extension(facts.extension).group or facts.extension, self.limits.days
        warm = self.watched.before(memory, "", facts.at) >= known
        if not warm or (known and self.usual.before(memory, team, facts.at) >= known):
            self.usual.add(memory, team, facts.at)
            return None
        return self.hit(
            facts.extension, f"{facts.caller} called {numbers} numbers for a moment each", numbers=numbers,
            limit=self.limits.numbers, window=self.limits.window, basis=resting(sure, self.limits.numbers),
        )  # fmt: skip
