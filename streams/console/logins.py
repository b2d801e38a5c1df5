"""Users, logins and sessions: passwords by argon2, tokens kept as hashes, guessing limited."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from ipaddress import ip_address, ip_network
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

from streams.console.wording import utc_micros
from streams.store.journal.journal import Journal
from streams.store.rows import SessionRow

SECOND = 1_000_000
IDLE = 3_600 * SECOND
STEP = 60 * SECOND
ABSOLUTE = 12 * 3_600 * SECOND
FAILURES = 5
LOCKED_SECONDS = 900
PAUSE_SECONDS = 5
GUESSES = 20
GUESSES_SECONDS = 3_600
KNOWN = 180 * 24 * 3_600 * SECOND
LONGEST_NAME = 64
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256
FIRST_USER = "admin"
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # as OWASP advises; 19 MiB a check
CHECKS_AT_ONCE = 2


class LoginRefused(StrEnum):
    """Why nobody was logged in."""

    WRONG = "wrong"
    LOCKED = "locked"
    PAUSE = "pause"


class Opened(Struct, frozen=True):
    """A new session; the tokens go into cookies and are kept nowhere else. By `known` the browser is known again."""

    token: str
    csrf: str
    known: str


def first_user(journal: Journal, now: Callable[[], int] = utc_micros) -> str | None:
    """Create `admin` if there is none yet; the only time its password is known is now."""
    if journal.accounts.password_hash(FIRST_USER) is not None:
        return None
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))
    created = journal.accounts.create_user(FIRST_USER, HASHER.hash(password), now=now())
    return password if created else None


def change_password(journal: Journal, name: str, password: str) -> bool:
    """Give a user a new password; whoever is logged in under the name is not any more. False: no such user.

    Raises ValueError when the password is too short, too long or no text.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ValueError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if not journal.accounts.set_password(name, HASHER.hash(password)):
        return False
    journal.accounts.login_succeeded(_account(name))
    return True


class Logins:
    """Opens, finds and ends sessions. All methods block: call them in a thread."""

    def __init__(self, journal: Journal, now: Callable[[], int]) -> None:
        self._journal = journal
        self._now = now
        self._hashing = BoundedSemaphore(CHECKS_AT_ONCE)

    def open(self, name: str, password: str, address: str, known: str = "") -> Opened | LoginRefused:
        """Log in, unless too much of this failed lately.

        At one name nobody guesses more than 20 times an hour, wherever they come from; but whose browser has logged in
        as that name before has five tries of its own, so that strangers lock nobody out. Who failed five times at an
        address waits some seconds between tries there. An attempt counts as failed before its password is looked at,
        so that attempts made at the same time cannot get past the limit.
        """
        place, tried = f"address:{_network(address)}", self._limit_of(name, known)
        failed = self._failures(place, LOCKED_SECONDS)
        if failed >= FAILURES and self._failures(place, PAUSE_SECONDS):
            return LoginRefused.PAUSE
        if self._failures(tried.key, tried.window) >= tried.most or self._failed(tried.key, tried.window) > tried.most:
            return LoginRefused.LOCKED
        if self._failed(place, LOCKED_SECONDS) > FAILURES > failed:
            return LoginRefused.PAUSE
        if not self._right(name, password):
            return LoginRefused.WRONG
        self._journal.accounts.login_forgiven(tried.key)
        self._journal.accounts.login_succeeded(place)
        return self._begin(name, address, known if tried.key == _browser(known) else "")

    def guessed(self) -> list[tuple[str, int]]:
        """The users whose password somebody seems to guess, and how often within the last hour."""
        names = self._journal.accounts.names()
        counted = [(name, self._failures(_account(name), GUESSES_SECONDS)) for name in names]
        return [(name, failures) for name, failures in counted if failures >= FAILURES]

    def find(self, token: str, *, active: bool) -> SessionRow | None:
        """The session of this token; `active` means a person did something, not a page by itself.

        The journal knows to the minute how long somebody was idle: every console over it says the same.
        """
        hashed, now = _hash(token), self._now()
        row = self._journal.accounts.session(hashed, now=now)
        if row is not None and active:
            expires = min(now + IDLE, row.created_at + ABSOLUTE)
            if expires - row.expires > STEP:
                self._journal.accounts.extend_session(hashed, expires=expires)
        return row

    def end(self, token: str) -> None:
        """Log out."""
        self._journal.accounts.end_session(_hash(token))

    def _begin(self, name: str, address: str, known: str) -> Opened:
        now = self._now()
        opened = Opened(secrets.token_urlsafe(32), secrets.token_urlsafe(32), known or secrets.token_urlsafe(32))
        accounts = self._journal.accounts
        accounts.create_session(
            _hash(opened.token), name, opened.csrf, now=now, expires=now + IDLE, address=address[:LONGEST_NAME]
        )
        if not known:
            accounts.create_session(_browser(opened.known), name, "", now=now, expires=now + KNOWN, address="")
        return opened

    def _limit_of(self, name: str, known: str) -> "Limit":
        """How often may be tried: by a browser that this user has logged in with, or by anybody else."""
        row = self._journal.accounts.session(_browser(known), now=self._now()) if known else None
        if row is not None and same(row.account, name):
            return Limit(_browser(known), FAILURES, LOCKED_SECONDS)
        return Limit(_account(name), GUESSES, GUESSES_SECONDS)

    def _right(self, name: str, password: str) -> bool:
        """Whether it is this user's password; an unknown user takes as long as a wrong password."""
        possible = len(name) <= LONGEST_NAME and len(password) <= LONGEST_PASSWORD
        known = self._journal.accounts.password_hash(name) if possible else None
        with self._hashing:
            try:
                return HASHER.verify(known or _nobody(), password[:LONGEST_PASSWORD]) and known is not None
            except (VerificationError, InvalidHashError, UnicodeEncodeError):
                return False

    def _failures(self, key: str, window: float) -> int:
        return self._journal.accounts.login_failures(key, now=self._now(), window=window)

    def _failed(self, key: str, window: float) -> int:
        return self._journal.accounts.login_failed(key, now=self._now(), window=window)


class Limit(Struct, frozen=True):
    """How many failures are allowed, counted under which key, until how many seconds pass without one."""

    key: str
    most: int
    window: float


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def _account(name: str) -> str:
    """What failed logins of a name are counted under; a name may be a password, mistyped."""
    return f"account:{_hash(name)}"


def _browser(known: str) -> str:
    """What a browser is remembered under that has logged in; never the same as a session's, whatever a cookie says."""
    return f"browser:{_hash(known)}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


@cache
def _nobody() -> str:
    return HASHER.hash(secrets.token_urlsafe(32))


def _network(address: str) -> str:
    """The address; of IPv6 the /64, within which anybody has as many as he likes."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:LONGEST_NAME]
    return str(parsed if parsed.version == 4 else ip_network((int(parsed), 64), strict=False))
