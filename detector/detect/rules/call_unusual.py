"""An extension makes calls abroad that are unlike all that it and its PBX ever did, however slowly (C28)."""

from detector.contract.events import Call
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, RiskyEnded, micros
from detector.detect.shared.oddness import Oddness, odd, told
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Window

KEPT = 32


@register
class CallUnusual(Detector[Call]):
    """Fires when an extension ends its Nth unusual call within `window`, and then starts over; those before it are
    information.

    How unusual a call is adds up from its hour, country, class, block of numbers, duration, gap, price, and the
    combination of these, each in powers of two: `bits_hour` 5 is an hour 32 times rarer than usual. See
    `models/calls.py`.

    Quiet when: the PBX made fewer than 200 calls so far; one call to a new customer; emergency calls and calls at home.
    Runbook: ask the user for these calls; if it was not them, treat the extension as stolen. If they are right, close
    the incident: what the extension does is learned again from then on.
    """

    id = "call.unusual"
    control = "C28"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PROBE
    basis = Basis.SCORE
    attack = ("T1496",)
    reads = (RiskyEnded,)
    needs = ("extension",)

    class Limits(Oddness):
        """`calls` within `window`, each at least `bits` powers of two rarer than usual, as at most a `share` are."""

    limits: Limits
    seen = Window("seen")

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        score = odd(facts, self.limits)
        if score is None or not facts.extension:
            return None
        calls = self.seen.add(memory, facts.extension, facts.at, micros(self.limits.window), cap=KEPT)
        if not calls:
            return None
        severity = Severity.INFO
        if calls >= self.limits.calls:
            severity = self.severity
            self.seen.clear(memory, facts.extension)
        summary = f"Extension {facts.extension} made {calls} calls unlike any before"
        values = told(score, calls, self.limits, facts.at)
        return Hit(subject=facts.extension, summary=summary, severity=severity, values=values)
