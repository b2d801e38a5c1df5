"""Many addresses try the password of one account, each a few times: a botnet under the limit per address (C09, C15)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Login, Registration
from detector.contract.vocabulary import AccessOutcome, Reason, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, of_network, refused, resting, vouched, who
from detector.enrich.facts import Facts
from detector.enrich.habits import is_familiar
from detector.enrich.networks import nearby
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Params, Seconds

KEPT = 16


@register
class AccountDistributedGuessing(Detector[Registration | Login]):
    """Fires when the Nth different address is refused for one account within `window`, and for every further one.

    Critical from `countries` on: then each of these addresses is to be blocked.

    Quiet when: anybody was accepted from the address on an earlier day, or it is private; the account does not exist.
    Runbook: see that the account's password is strong and no second phone of its owner roams with an old one.
    """

    id = "account.distributed_guessing"
    control = "C09"
    also = ("C15",)
    subject = SubjectKind.ACCOUNT
    severity = Severity.WARNING
    stage = Stage.CREDENTIAL
    attack = ("T1110.001",)
    reads = (Registration, Login)
    outcomes = (AccessOutcome.REJECTED,)
    needs = ("source_ip", "account|extension")

    class Limits(Params):
        """`addresses` within `window` seconds; critical if they are in `countries` different ones."""

        addresses: Annotated[PositiveInt, Field(le=KEPT)] = 8
        countries: Annotated[PositiveInt, Field(le=8)] = 3
        window: Seconds = 86_400

    limits: Limits
    sources = Distinct("sources")
    countries = Distinct("countries")

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        place = facts.place
        if not refused(event) or place is None or place.private or event.reason == Reason.UNKNOWN_ACCOUNT:
            return None
        account, window, solid = who(event, facts), micros(self.limits.window), vouched(event)
        if not account or is_familiar(facts, memory):
            return None
        here = digest(place.key)
        new = here not in self.sources.seen(memory, account)
        found = self.sources.add(memory, account, here, facts.at, window, cap=KEPT, solid=solid)
        countries = 0
        if place.country:
            countries = self.countries.add(memory, account, digest(place.country), facts.at, window, cap=8)
        if not new or found < self.limits.addresses:
            return None
        spread = countries >= self.limits.countries
        return self.hit(
            account, f"{found} addresses were refused for account {account}",
            severity=Severity.CRITICAL if spread else self.severity, addresses=found, countries=countries,
            limit=self.limits.addresses, window=self.limits.window,
            links=of_network(nearby(place.key)),
            basis=resting(self.sources.vouched(memory, account), self.limits.addresses),
        )  # fmt: skip
