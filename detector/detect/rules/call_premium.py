"""A call to a premium-rate or satellite number: where toll fraud earns its money (C26)."""

from detector.contract.events import Call
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, RiskyBegun
from detector.enrich.dialling.countries import name as country_name
from detector.enrich.dialling.numbers import Klass
from detector.enrich.facts import Facts
from detector.memory.fields import Memory

COSTLY = {Klass.PREMIUM, Klass.SATELLITE}


@register
class CallPremium(Detector[Call]):
    """Fires for each call to a premium-rate or satellite number, at home or abroad.

    Quiet when: shared-cost and toll-free numbers; emergency and internal calls.
    Runbook: ask the user; block the number on the PBX if nobody needs it.
    """

    id = "call.premium"
    control = "C26"
    subject = SubjectKind.EXTENSION
    severity = Severity.CRITICAL
    stage = Stage.PROBE
    attack = ("T1496",)
    reads = (RiskyBegun,)

    def inspect(self, event: Call, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        number = facts.number
        if number is None or number.klass not in COSTLY:
            return None
        where = number.network or country_name(number.country)
        return self.hit(facts.extension, f"{facts.caller} called a {number.klass} number of {where}")
