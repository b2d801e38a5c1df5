"""A call to a number or a sort of number that nobody is to call (C26)."""

from detector.contract.events import Call
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import OUTSIDE, Begun, Detector, Hit
from detector.enrich.dialling.dialled import boil_down
from detector.enrich.dialling.numbers import Klass, Number
from detector.enrich.dialling.patterns import Pattern, PatternText, parse
from detector.enrich.facts import Facts
from detector.memory.fields import Memory
from detector.settings.params import Params


@register
class CallBlocked(Detector[Call]):
    """Fires for each call to a number that fits one of `numbers`, or of one of `classes`.

    A number fits as it was dialled, without the access digit, as `+` and E.164 digits, or behind the exit code.

    Quiet when: both lists are empty; emergency and internal calls.
    Runbook: block the number on the PBX too; ask who called it.
    """

    id = "call.blocked"
    control = "C26"
    subject = SubjectKind.EXTENSION
    severity = Severity.CRITICAL
    stage = Stage.PROBE
    attack = ("T1496",)
    reads = (Begun,)
    needs = OUTSIDE

    class Limits(Params):
        """`numbers` in the PBX's pattern syntax; `classes` such as `shared_cost` or `unknown`."""

        numbers: tuple[PatternText, ...] = ()
        classes: tuple[Klass, ...] = ()

    limits: Limits

    def prepare(self) -> None:  # noqa: D102
        self.patterns = tuple(parse(text) for text in self.limits.numbers)

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        number = facts.number
        if number is None or not facts.billable or not (self.patterns or self.limits.classes):
            return None
        if number.klass in self.limits.classes:
            return self.hit(facts.extension, f"{facts.caller} called a {number.klass} number, which is blocked")
        pattern = self._pattern(number, facts)
        if pattern is None:
            return None
        return self.hit(facts.extension, f"{facts.caller} called a number that fits {pattern.text}, which is blocked",
                        pattern=pattern.text)  # fmt: skip

    def _pattern(self, number: Number, facts: Facts) -> Pattern | None:
        dialled = boil_down(number.dialled)
        forms = ["+" * dialled.plus + dialled.digits]
        if facts.profile.access_digit:
            forms.append(forms[0].removeprefix(facts.profile.access_digit))
        if number.e164 is not None:
            forms += [number.e164, facts.profile.international_prefix + number.e164[1:]]
        return next((pattern for pattern in self.patterns for form in forms if pattern.matches(form)), None)
