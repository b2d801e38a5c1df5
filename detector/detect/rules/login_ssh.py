"""Somebody logs in by SSH, or tries to: it should be off but for troubleshooting (C02)."""

from pydantic import PositiveInt

from detector.contract.events import Login
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind, Surface
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Tally, resting
from detector.enrich.facts import Facts
from detector.enrich.networks import Networks
from detector.memory.fields import Memory, Once
from detector.settings import values
from detector.settings.params import Params, Seconds


@register
class LoginSsh(Detector[Login]):
    """Fires for every SSH login that is accepted, once an address in `pause`, and on the Nth refused in `window`.

    That somebody was let in alone blocks nobody.

    Quiet when: `allowed` holds the address it is accepted from.
    Runbook: if nobody is troubleshooting, switch SSH off and look at what was changed.
    """

    id = "login.ssh"
    control = "C02"
    subject = SubjectKind.SOURCE_IP
    severity = Severity.WARNING
    stage = Stage.CREDENTIAL
    attack = ("T1021.004",)
    reads = (Login,)
    outcomes = (AccessOutcome.ACCEPTED, AccessOutcome.REJECTED)
    needs = ("source_ip", "surface=ssh")

    class Limits(Params):
        """`failures` within `window` seconds; `allowed` addresses and CIDRs; `pause` seconds until said again."""

        failures: PositiveInt = 3
        window: Seconds = 3_600
        allowed: values.Networks = ()
        pause: Seconds = 3_600

    limits: Limits
    failed = Tally("failed")
    said = Once("said")

    def prepare(self) -> None:  # noqa: D102
        self.allowed = Networks(self.limits.allowed)

    def inspect(self, event: Login, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.surface != Surface.SSH or facts.place is None:
            return None
        source, limit = facts.place.key, self.limits.failures
        if event.outcome == AccessOutcome.ACCEPTED:
            if facts.place.address in self.allowed:
                return None
            if not self.said.passed(memory, source, facts.at, micros(self.limits.pause)):
                return None
            return self.hit(
                source, f"{event.account or 'Somebody'} logged in by SSH from {source}", basis=Basis.DERIVED
            )
        if event.outcome != AccessOutcome.REJECTED:
            return None
        failed, solid = self.failed.add(memory, source, event, facts.at, micros(self.limits.window), cap=limit)
        if failed < limit:
            return None
        self.failed.clear(memory, source)
        return self.hit(
            source, f"{failed} failed logins by SSH from {source}", failed=failed, limit=limit,
            window=self.limits.window, basis=resting(solid, limit),
        )  # fmt: skip
