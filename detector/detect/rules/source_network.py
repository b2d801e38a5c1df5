"""Neighbours try one account after the other, each only a few: one attacker with a whole network (C09, C15)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Login, Registration
from detector.contract.vocabulary import AccessOutcome, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, names, of_network, refused, resting, vouched
from detector.enrich.facts import Facts
from detector.enrich.habits import is_familiar
from detector.enrich.networks import nearby
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Params, Seconds

KEPT = 32
SEVERAL, FEW = 2, 4
"""How many accounts an address has to try to count, and how many of them do."""


@register
class SourceNetwork(Detector[Registration | Login]):
    """Fires for each address that is refused once `accounts` were by `addresses` of its /24 or /48 within `window`.

    Only addresses count that try several accounts, and of each the first few: whoever tries more is counted by another
    rule, and must not bring his neighbours into disrepute.

    Quiet when: somebody was accepted from the address on an earlier day; it is private; it tries only one account, as
    somebody does who mistypes beside an attacker.
    Runbook: if the network is a hosting company's, put it on the deny list; look for an accepted login from it.
    """

    id = "source.network"
    control = "C09"
    also = ("C15",)
    subject = SubjectKind.SOURCE_IP
    severity = Severity.WARNING
    stage = Stage.CREDENTIAL
    attack = ("T1110.003",)
    reads = (Registration, Login)
    outcomes = (AccessOutcome.REJECTED,)
    needs = ("source_ip", "account|accounts")

    class Limits(Params):
        """`accounts` by `addresses` of a network within `window` seconds."""

        accounts: Annotated[PositiveInt, Field(le=KEPT)] = 10
        addresses: Annotated[PositiveInt, Field(le=KEPT)] = 3
        window: Seconds = 21_600

    limits: Limits
    own = Distinct("own")
    tried = Distinct("tried")
    sources = Distinct("sources")

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        place = facts.place
        if not refused(event) or place is None or place.private or is_familiar(facts, memory):
            return None
        network, window, solid = nearby(place.key), micros(self.limits.window), vouched(event)
        mine, accounts = 0, 0
        for name in names(event):
            mine = self.own.add(memory, place.key, digest(name), facts.at, window, cap=FEW + 1)
            if mine <= FEW:
                accounts = self.tried.add(memory, network, digest(name), facts.at, window, cap=KEPT, solid=solid)
        if mine < SEVERAL or mine > FEW:
            return None
        sources = self.sources.add(memory, network, digest(place.key), facts.at, window, cap=KEPT, solid=solid)
        if accounts < self.limits.accounts or sources < self.limits.addresses:
            return None
        weakest = min(
            self.sources.vouched(memory, network) - self.limits.addresses,
            self.tried.vouched(memory, network) - self.limits.accounts,
        )
        return self.hit(
            place.key, f"{accounts} accounts were tried by {sources} addresses of {network}", accounts=accounts,
            addresses=sources, limit=self.limits.accounts,
            links=of_network(network), basis=resting(weakest, 0),
        )  # fmt: skip
