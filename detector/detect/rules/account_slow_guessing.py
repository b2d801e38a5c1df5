"""Somebody tries one account's password a few times an hour, for hours: under every limit per minute (C09, C15)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Login, Registration
from detector.contract.vocabulary import AccessOutcome, Reason, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, of_network, refused, resting, vouched, who
from detector.enrich.facts import Facts
from detector.enrich.habits import IN_USE_FOR_MICROS, in_use, is_familiar, pack_origin
from detector.enrich.networks import nearby
from detector.memory.fields import Distinct, Memory, Once
from detector.settings.params import Params, Seconds

KEPT = 32
MINUTE = 60_000_000


@register
class AccountSlowGuessing(Detector[Registration | Login]):
    """Fires when an account was refused in the Nth different minute within `window`; again after `pause`.

    A warning if its owner is at work elsewhere meanwhile. Otherwise it may be a phone with a stale password, which
    repeats for ever just so: information.

    Quiet when: anybody was accepted from that address on an earlier day; the account does not exist.
    Runbook: ask the owner whether a second phone of theirs has an old password; if not, block the address and see
    that the password is strong.
    """

    id = "account.slow_guessing"
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
        """`minutes` with a failure within `window` seconds; `pause` until it is said again."""

        minutes: Annotated[PositiveInt, Field(le=KEPT)] = 15
        window: Seconds = 86_400
        pause: Seconds = 43_200

    limits: Limits
    failed = Distinct("failed")
    said = Once("said")

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if not refused(event) or facts.place is None or event.reason == Reason.UNKNOWN_ACCOUNT:
            return None
        account, window = who(event, facts), micros(self.limits.window)
        if not account or is_familiar(facts, memory):
            return None
        minute = facts.at // MINUTE * 2
        failed = self.failed.add(
            memory, account, minute, facts.at, window, cap=self.limits.minutes, solid=vouched(event)
        )
        if failed < self.limits.minutes or not self.said.passed(memory, account, facts.at, micros(self.limits.pause)):
            return None
        here, since = pack_origin(facts.place), facts.at - IN_USE_FOR_MICROS
        elsewhere = any(place != here and at > since for place, at in in_use.seen(memory, account).items())
        return self.hit(
            account, f"Account {account} was refused in {failed} different minutes from unknown addresses",
            severity=self.severity if elsewhere else Severity.INFO, minutes=failed, limit=self.limits.minutes,
            window=self.limits.window, in_use=elsewhere,
            links=of_network(nearby(facts.place.key)),
            basis=resting(self.failed.vouched(memory, account), self.limits.minutes),
        )  # fmt: skip
