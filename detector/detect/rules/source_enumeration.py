"""One address tries account after account: it looks for those that exist, or one password at many (C09, C15)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Login, Registration
from detector.contract.kinds import ENUMERATION
from detector.contract.vocabulary import AccessOutcome, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, names, refused, resting, vouched
from detector.enrich.facts import Facts
from detector.enrich.habits import is_familiar
from detector.memory.fields import Distinct, Memory, digest
from detector.settings.params import Params, Seconds

KEPT = 24


@register
class SourceEnumeration(Detector[Registration | Login]):
    """Fires when the Nth different account of one address is refused within `window`, then starts over.

    Quiet when: an office behind NAT mistypes: where somebody was accepted on an earlier day, only `office` are too
    many; one account repeats; a trunk; a challenge.
    Runbook: if the address is not the customer's, keep the block; see which of the accounts exist and are weak.
    """

    id = "source.enumeration"
    control = "C09"
    also = ("C15",)
    subject = SubjectKind.SOURCE_IP
    severity = Severity.CRITICAL
    stage = Stage.RECON
    kind = ENUMERATION
    attack = ("T1087", "T1110.003")
    reads = (Registration, Login)
    outcomes = (AccessOutcome.REJECTED,)
    needs = ("source_ip", "account|accounts")

    class Limits(Params):
        """`accounts` within `window` seconds; `office` at an address from which somebody was accepted before."""

        accounts: Annotated[PositiveInt, Field(le=KEPT)] = 10
        office: Annotated[PositiveInt, Field(le=KEPT)] = KEPT
        window: Seconds = 3_600

    limits: Limits
    tried = Distinct("tried")

    def prepare(self) -> None:  # noqa: D102
        self.window = micros(self.limits.window)

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if not refused(event) or facts.place is None or facts.known_place:
            return None
        source, found = facts.place.key, 0
        for name in names(event):
            found = self.tried.add(memory, source, digest(name), facts.at, self.window, cap=KEPT, solid=vouched(event))
        limit = self.limits.office if is_familiar(facts, memory) else self.limits.accounts
        if found < limit:
            return None
        basis = resting(self.tried.vouched(memory, source), limit)
        self.tried.clear(memory, source)
        return self.hit(
            source, f"{source} tried {found} accounts", accounts=found, limit=limit, window=self.limits.window,
            basis=basis,
        )  # fmt: skip
