"""Many accounts are refused for many addresses at once: one password is tried at all, or names at random (C15, C09)."""

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
from detector.memory.cells import Cells
from detector.memory.fields import Distinct, Memory, Once, digest
from detector.settings.params import Params, Seconds

KEPT = 32
MOST = 256


@register
class AccountSpraying(Detector[Registration | Login]):
    """Fires when `accounts` were refused for `addresses` nobody knows within `window`; once in that time.

    Names that do not exist are tried everywhere all the time: those count apart, and only `strangers` addresses that
    try them within `window` are too many, however often each does; then it says how often all of them did.

    Quiet when: the addresses are private or somebody was accepted from them on an earlier day; few addresses try many
    accounts, or few accounts are tried by many: other rules count those.
    Runbook: look for an accepted login among the accounts that were tried; demand a second factor. Where the names do
    not exist, nobody has come in: see that the PBX can be reached only from where it has to be.
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
        """`accounts` and `addresses`, or `strangers`, within `window` seconds."""

        accounts: Annotated[PositiveInt, Field(le=KEPT)] = 20
        addresses: Annotated[PositiveInt, Field(le=KEPT)] = 10
        strangers: Annotated[PositiveInt, Field(le=MOST)] = 100
        window: Seconds = 3_600

    limits: Limits
    tried = Distinct("tried")
    sources = Distinct("sources")
    said = Once("said")
    strangers = Distinct("strangers")
    tries = Cells("tries")
    said_of_strangers = Once("said of strangers")

    def prepare(self) -> None:  # noqa: D102
        self.window = micros(self.limits.window)

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        place = facts.place
        if not refused(event) or place is None or place.private or is_familiar(facts, memory):
            return None
        if event.reason == Reason.UNKNOWN_ACCOUNT:
            return self._guess_names(event, facts, memory, place.key) if names(event) else None
        window, solid = self.window, vouched(event)
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

    def _guess_names(self, event: Attempt, facts: Facts, memory: Memory, source: str) -> Hit | None:
        limit = self.limits.strangers
        tries = self.tries.add(memory, "", facts.at, event.count, self.window)
        sources = self.strangers.add(
            memory, "", digest(source), facts.at, self.window, cap=limit, solid=vouched(event)
        )  # fmt: skip
        if sources < limit or not self.said_of_strangers.passed(memory, "", facts.at, self.window):
            return None
        summary = f"Names that do not exist were tried at least {tries} times, by at least {limit} unknown addresses"
        return self.hit(
            facts.profile.pbx, summary, addresses=limit, tries=tries, limit=limit, window=self.limits.window,
            links=of_network(nearby(source)), basis=resting(self.strangers.vouched(memory, ""), limit),
        )  # fmt: skip
