"""Which accounts a demand on logins holds for."""

from detector.contract.vocabulary import Surface
from detector.settings.params import Params, Seconds
from detector.settings.values import Short

EVERYBODY = "*"
PEOPLE = frozenset({Surface.WEB, Surface.LINKUS_DESKTOP, Surface.LINKUS_MOBILE, Surface.LINKUS_WEB, None})
"""Surfaces at which a person logs in; the others know neither single sign-on nor a second factor."""


class Whom(Params):
    """`accounts` that must (`*`: all; none: nobody), those `exempt`; `pause` seconds before it is said again."""

    accounts: tuple[Short, ...] = ()
    exempt: tuple[Short, ...] = ()
    pause: Seconds = 3_600

    def covers(self, account: str) -> bool:
        """Whether the demand holds for this account."""
        return (EVERYBODY in self.accounts or account in self.accounts) and account not in self.exempt
