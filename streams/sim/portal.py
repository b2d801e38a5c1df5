"""Logins to the web portal and Linkus, each failure an event, with a lock after too many."""

import hmac
from enum import StrEnum
from typing import Literal

from streams.sim.notices import NoticeBoard
from streams.sim.options import SimOptions
from streams.sim.settings import PbxSettings
from streams.sim.sim_clock import SimClock
from streams.sim.telephony.network import Firewall

Surface = Literal["web", "linkus"]


class LoginResult(StrEnum):
    """How one login ended."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    LOCKED = "locked"
    DROPPED = "dropped"


class Portal:
    """Checks names and passwords; an address with too many failures in a row is locked out for a while."""

    def __init__(
        self,
        options: SimOptions,
        clock: SimClock,
        settings: PbxSettings,
        notices: NoticeBoard,
        firewall: Firewall,
    ) -> None:
        self._options = options
        self._clock = clock
        self._settings = settings
        self._notices = notices
        self._firewall = firewall
        self._failures: dict[str, int] = {}
        self._locked_until: dict[str, float] = {}
        self.administrators: dict[str, str] = {}
        """Administrator names and their passwords."""

    def login(self, user: str, password: str, source_ip: str, surface: Surface = "web") -> LoginResult:
        """One login; `user` is an administrator's name, an extension number or an e-mail address."""
        if self._firewall.drops(source_ip):
            return LoginResult.DROPPED
        if self._locked_until.get(source_ip, 0) > self._clock.now():
            return LoginResult.LOCKED
        right = self._password(user)
        if right is None or not hmac.compare_digest(right.encode(), password.encode()):
            self._failed(user, source_ip, surface)
            return LoginResult.REJECTED
        self._failures.pop(source_ip, None)
        if surface == "web":
            name = "web_admin_login_succ" if user in self.administrators else "web_user_login_succ"
            self._notices.post(name, user=user, ip=source_ip)
        return LoginResult.ACCEPTED

    def _password(self, user: str) -> str | None:
        if user in self.administrators:
            return self.administrators[user]
        extension = next((e for e in self._settings.extensions if user in (e.number, e.email_addr)), None)
        return extension.user_password if extension else None

    def _failed(self, user: str, source_ip: str, surface: Surface) -> None:
        self._notices.post(f"{surface}_login_fail", user=user, ip=source_ip)
        failures = self._failures.get(source_ip, 0) + 1
        if failures < self._options.web_login_failures:
            self._failures[source_ip] = failures
            return
        self._failures.pop(source_ip, None)
        self._locked_until[source_ip] = self._clock.now() + self._options.web_lockout_seconds
        self._notices.post(f"{surface}_user_blocked_out", user=user, ip=source_ip)
