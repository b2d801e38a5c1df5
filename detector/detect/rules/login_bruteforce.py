"""One address keeps failing to log in: refused for a while, and for good when it goes on (C15)."""

from pydantic import PositiveInt

from detector.contract.events import Login, Notice
from detector.contract.visibility import Want, one_of
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Refusals, refused, resting
from detector.enrich.facts import Facts
from detector.enrich.habits import is_familiar
from detector.memory.fields import Memory, Window
from detector.settings.params import Params, Seconds

BLOCKED = {"web_user_blocked", "linkus_user_blocked", "api_authentication_blocked"}


@register
class LoginBruteforce(Detector[Login | Notice]):
    """Fires on the Nth failed login of one address within `window`, then starts over.

    The `permanent`th firing within `memory` says so: the address is then banned for good. The PBX's own notice
    that it has locked a user out counts as the limit reached; where people are at home it is information.

    Quiet when: a person known from this address on an earlier day, or at the new address of an office, mistypes, up to
    twice as often.
    Runbook: keep the block if the address is not the customer's; look for an accepted login from it, and at what
    the account changed afterwards.
    """

    id = "login.bruteforce"
    control = "C15"
    subject = SubjectKind.SOURCE_IP
    severity = Severity.CRITICAL
    stage = Stage.CREDENTIAL
    attack = ("T1110.001",)
    reads = (Login, Notice)
    outcomes = (AccessOutcome.REJECTED,)
    lives_on = (
        (Want("login.rejected", ("source_ip",)),),
        (Want("notice", ("source_ip", one_of("name", BLOCKED))),),
    )

    class Limits(Params):
        """`failures` within `window` seconds lock out; `permanent` lock-outs within `memory` ban for good."""

        failures: PositiveInt = 5
        window: Seconds = 300
        permanent: PositiveInt = 3
        memory: Seconds = 86_400

    limits: Limits
    refusals = Refusals()
    locked = Window("locked")

    def prepare(self) -> None:  # noqa: D102
        self.window = micros(self.limits.window)
        self.memory = micros(self.limits.memory)

    def inspect(self, event: Login | Notice, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if facts.place is None:
            return None
        source = facts.place.key
        if isinstance(event, Notice):
            if event.name not in BLOCKED:
                return None
            summary = f"The PBX locked out {source} after failed logins"
            if is_familiar(facts, memory):
                return self.hit(source, summary, severity=Severity.INFO, notice=event.name)
            return self._locked(source, summary, facts, memory, 0)
        if not refused(event):
            return None
        most = 2 * self.limits.failures
        limit = most if facts.known_place or facts.moved else self.limits.failures
        failed, solid = self.refusals.add(memory, source, event, facts.at, self.window, cap=most)
        if failed < limit:
            return None
        self.refusals.clear(memory, source, solid=solid >= limit)
        summary = f"{failed} failed logins from {source}"
        return self._locked(source, summary, facts, memory, failed, resting(solid, limit))

    def _locked(
        self, source: str, summary: str, facts: Facts, memory: Memory, failed: int, basis: Basis | None = None
    ) -> Hit:
        times = self.locked.add(memory, source, facts.at, self.memory, cap=self.limits.permanent)
        permanent = times >= self.limits.permanent
        return self.hit(
            source, summary, failed=failed, limit=self.limits.failures, window=self.limits.window,
            lockouts=times, permanent=permanent, basis=basis, for_good=permanent,
        )  # fmt: skip
