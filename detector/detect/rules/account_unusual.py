"""An account comes in at an hour, or from where, neither it nor others of its PBX do (C20)."""

from typing import Annotated

from pydantic import Field

from detector.contract.events import Login, Registration
from detector.contract.visibility import Want
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.oddness import measured, rare
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Once
from detector.settings.params import Params, Seconds


@register
class AccountUnusual(Detector[Login | Registration]):
    """Fires when an accepted login, or an accepted registration in which something is new, is `bits` rarer than usual.

    How unusual it is adds up from hour, gap since the last, country, network, user agent, surface, and the combination
    of hour and gap, each in powers of two: `bits_hour` 5 is an hour 32 times rarer than usual. See
    `models/arrivals.py`. Only information: it is read with what else is found.

    Quiet when: the PBX let in fewer than 100 so far; most people of this PBX do so; it was said less than `pause` ago.
    Runbook: if calls or changes followed, ask the user whether it was them.
    """

    id = "account.unusual"
    control = "C20"
    subject = SubjectKind.ACCOUNT
    severity = Severity.INFO
    stage = Stage.ACCESS
    basis = Basis.SCORE
    attack = ("T1078",)
    reads = (Login, Registration)
    outcomes = (AccessOutcome.ACCEPTED,)
    lives_on = ((Want("login.accepted", ("source_ip", "account")),),)

    class Limits(Params):
        """At least `bits` powers of two rarer than usual, as at most a `share` are; `pause` until it is said again."""

        bits: Annotated[float, Field(ge=0)] = 12.0
        share: Annotated[float, Field(gt=0, lt=1)] = 0.02
        pause: Seconds = 3_600

    limits: Limits
    said = Once("said")

    def inspect(self, event: Login | Registration, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        bits, share, account = self.limits.bits, self.limits.share, event.account or facts.extension
        score = rare(facts.score, bits, share)
        if score is None or not self.said.passed(memory, account, facts.at, micros(self.limits.pause)):
            return None
        values = measured(score, bits, share) | {"address": facts.place.address if facts.place is not None else None}
        summary = f"{account} came in as nobody here does"
        return Hit(subject=account, summary=summary, severity=self.severity, values=values)
