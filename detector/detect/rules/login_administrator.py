"""An administrator logs in who never did, or from where this one never was (C20)."""

from detector.contract.events import Login
from detector.contract.kinds import ADMIN_TAKEOVER
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit
from detector.detect.shared.attempts import is_administrator
from detector.enrich.facts import Facts
from detector.memory.fields import Days, Memory
from detector.settings.params import Params
from detector.settings.values import Short

ALL = "\x1fall"


@register
class LoginAdministrator(Detector[Login]):
    """Fires for the accepted login of an administrator whose account or network is new on this day.

    Known is who, or where, logged in on an earlier day, in whatever role. A new account is a warning; a new place is
    information, and a warning abroad; from where passwords were guessed it is critical.

    Quiet when: this is the first day we see anybody log in; the place is private or known; the role is not known and
    the account is not listed.
    Runbook: ask the administrator; if it was not them, change the password, and look at what was changed since.
    """

    id = "login.administrator"
    control = "C20"
    subject = SubjectKind.ACCOUNT
    severity = Severity.WARNING
    stage = Stage.ACCESS
    kind = ADMIN_TAKEOVER
    opens = True
    basis = Basis.SCORE
    attack = ("T1078",)
    reads = (Login,)
    outcomes = (AccessOutcome.ACCEPTED,)
    needs = ("source_ip", "account", "role")

    class Limits(Params):
        """`accounts` that are administrators, whatever role is told."""

        accounts: tuple[Short, ...] = ()

    limits: Limits
    days = Days("days")

    def inspect(self, event: Login, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        account, place = event.account, facts.place
        if not account or place is None:
            return None
        there = f"{account}\x1f{place.network}"
        warm, old, home = (self.days.before(memory, key, facts.at) > 0 for key in (ALL, account, there))
        if not facts.suspect_source:
            for key in (ALL, account, there):
                self.days.add(memory, key, facts.at)
        if not is_administrator(event) and account not in self.limits.accounts:
            return None
        if facts.guesser:
            severity, what = Severity.CRITICAL, "from where passwords were guessed"
        elif not warm or (old and (home or place.private or facts.known_place)):
            return None
        elif not old:
            severity, what = self.severity, "for the first time"
        else:
            abroad = place.country not in {None, facts.profile.region}
            severity, what = self.severity if abroad else Severity.INFO, "from a new place"
        return self.hit(
            account, f"Administrator {account} logged in {what}, {place.address}", severity=severity,
            address=place.address, country=place.country, role=event.role,
        )  # fmt: skip
