"""Somebody logs in with a password who has to use single sign-on (C16)."""

from detector.contract.events import Login
from detector.contract.visibility import one_of
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, SignIn, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.whom import PEOPLE, Whom
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Once


@register
class LoginSso(Detector[Login]):
    """Fires for an accepted password login by one of the accounts that must not; the same account again after `pause`.

    Quiet when: no account must; the account is exempt; the method is not known; SSH, API, AMI and LDAP.
    Runbook: switch the password off for this account; ask its owner whether it was them.
    """

    id = "login.sso"
    control = "C16"
    subject = SubjectKind.ACCOUNT
    severity = Severity.WARNING
    stage = Stage.RECON
    basis = Basis.DERIVED
    attack = ("T1078",)
    reads = (Login,)
    outcomes = (AccessOutcome.ACCEPTED,)
    needs = ("account", "method=password", one_of("surface", PEOPLE))

    class Limits(Whom):
        """`accounts` that must (`*`: all; none: nobody), those `exempt`; `pause` seconds until said again."""

    limits: Limits
    said = Once("said")

    @property
    def idle(self) -> bool:  # noqa: D102
        return not self.limits.accounts

    def inspect(self, event: Login, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.method != SignIn.PASSWORD:
            return None
        account = event.account
        if not account or event.surface not in PEOPLE or not self.limits.covers(account):
            return None
        if not self.said.passed(memory, account, facts.at, micros(self.limits.pause)):
            return None
        address = facts.place.address if facts.place is not None else None
        return self.hit(
            account,
            f"{account} logged in with a password, not by single sign-on",
            address=address,
            surface=event.surface,
        )
