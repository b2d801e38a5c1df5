"""Many accounts are refused for many addresses at once: one password is tried at all of them (C15, C09)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Login, Registration
from detector.contract.vocabulary import AccessOutcome, Reason, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, names, of_network, refused, resting, vouched
from detector.enrich.facts import Facts
from detector.enrich.habits import is_familiar
from detector.enrich.networks import nearby
from detector.memory.fields import Distinct, Memory, Once, digest
from detector.settings.params import Params, Seconds

KEPT = 32


@register
class AccountSpraying(Detector[Registration | Login]):
    """Fires when `accounts` were refused for `addresses` nobody knows within `window`; once in that time.

    Quiet when: the addresses are private or somebody was accepted from them on an earlier day; the accounts do not
    exist; few addresses try many accounts, or few accounts are tried by many: other rules count those.
    Runbook: look for an accepted login among the accounts that were tried; demand a second factor.
    """

    id = "account.spraying"
    control = "C15"
    also = ("C09",)
    subject = SubjectKind.PBX
    severity = Severity.WARNING
    stage = Stage.CREDENTIAL
    attack = ("T1110.003",)
    reads = (Registration, Login)
    outcomes = (AccessOutcome.REJECTED,)
    needs = ("source_ip", "account|accounts")

    class Limits(Params):
        """`accounts` and `addresses` within `window` seconds."""

        accounts: Annotated[PositiveInt, Field(le=KEPT)] = 20
        addresses: Annotated[PositiveInt, Field(le=KEPT)] = 10
        window: Seconds = 3_600

    limits: Limits
    tried = Distinct("tried")
    sources = Distinct("sources")
    said = Once("said")

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        place = facts.place
        if not refused(event) or place is None or place.private or event.reason == Reason.UNKNOWN_ACCOUNT:
            return None
        if is_familiar(facts, memory):
            return None
        window, solid = micros(self.limits.window), vouched(event)
        sources = self.sources.add(memory, "", digest(place.key), facts.at, window, cap=KEPT, solid=solid)
        accounts = 0
        for name in names(event):
            accounts = self.tried.add(memory, "", digest(name), facts.at, window, cap=KEPT, solid=solid)
        if accounts < self.limits.accounts or sources < self.limits.addresses:
            return None
        if not self.said.passed(memory, "", facts.at, window):
            return None
        weakest = min(
            self.sources.vouched(memory, "") - self.limits.addresses,
            self.tried.vouched(memory, "") - self.limits.accounts,
        )
        return self.hit(
            facts.profile.pbx, f"{accounts} accounts were refused for {sources} unknown addresses", accounts=accounts,
            addresses=sources, limit=self.limits.accounts, window=self.limits.window,
            links=of_network(nearby(place.key)), basis=resting(weakest, 0),
        )  # fmt: skip
