"""An extension registers from outside that may not, or not from there (C14)."""

from detector.contract.events import Registration
from detector.contract.vocabulary import AccessOutcome, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import who
from detector.detect.shared.remote_policy import RemotePolicy, judge
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Once


@register
class RegistrationRemote(Detector[Registration]):
    """Fires for an accepted registration from a public address against the policy; the same again after `pause`.

    Quiet when: there is no policy; the address is private.
    Runbook: if it was the user, allow the account or address; if not, change the password. Set the same on the PBX.
    """

    id = "registration.remote"
    control = "C14"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.ACCESS
    attack = ("T1133",)
    reads = (Registration,)
    outcomes = (AccessOutcome.ACCEPTED,)
    needs = ("source_ip", "account|extension")

    class Limits(RemotePolicy):
        """`allowed` accounts, `restricted` ones, `addresses` to come from; `pause` seconds until said again."""

    limits: Limits
    said = Once("said")

    def prepare(self) -> None:  # noqa: D102
        self.judge = judge(self.limits)

    @property
    def idle(self) -> bool:  # noqa: D102
        return self.judge is None

    def inspect(self, event: Registration, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if self.judge is None:
            return None
        reason, account = self.judge(event, facts), who(event, facts)
        if reason is None or facts.place is None or not account:
            return None
        if not self.said.passed(memory, f"{account}\x1f{facts.place.key}", facts.at, micros(self.limits.pause)):
            return None
        return self.hit(
            account, f"{account} registered from {facts.place.address} and {reason}", address=facts.place.address,
            country=facts.place.country, path=event.path,
        )  # fmt: skip
