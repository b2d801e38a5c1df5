"""Somebody logs in without the second factor that is mandatory for them (C17)."""

from detector.contract.events import Login
from detector.contract.visibility import one_of
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, SignIn, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.whom import PEOPLE, Whom
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Once

BY_PASSWORD = frozenset({SignIn.PASSWORD, None})


@register
class LoginSecondFactor(Detector[Login]):
    """Fires for an accepted login without second factor by an account that must have one; again after `pause`.

    Quiet when: no account must; the account is exempt; it is not known whether there was one; single
    sign-on, a link or a token; SSH, API, AMI and LDAP.
    Runbook: make two-factor mandatory on the PBX; ask the owner whether it was them.
    """

    id = "login.second_factor"
    control = "C17"
    subject = SubjectKind.ACCOUNT
    severity = Severity.WARNING
    stage = Stage.RECON
    basis = Basis.DERIVED
    attack = ("T1078",)
    reads = (Login,)
    outcomes = (AccessOutcome.ACCEPTED,)
    needs = ("account", "second_factor", one_of("surface", PEOPLE))

    class Limits(Whom):
        """`accounts` that must (`*`: all; none: nobody), those `exempt`; `pause` seconds until said again."""

    limits: Limits
    said = Once("said")

    @property
    def idle(self) -> bool:  # noqa: D102
        return not self.limits.accounts

    def inspect(self, event: Login, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.second_factor is not False:
            return None
        account = event.account
        if event.method not in BY_PASSWORD or event.surface not in PEOPLE or not account:
            return None
        if not self.limits.covers(account):
            return None
        if not self.said.passed(memory, account, facts.at, micros(self.limits.pause)):
            return None
        address = facts.place.address if facts.place is not None else None
        return self.hit(account, f"{account} logged in without a second factor", address=address, surface=event.surface)
