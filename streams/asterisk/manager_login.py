"""The name and secret of our manager user: never sent in clear, and never so often wrong that somebody shuts us out."""

import hashlib

import msgspec
import structlog
from msgspec import Struct
from pydantic import SecretStr

from streams.pbxs.pbx import Fence, LoginMemory
from streams.pbxs.pbx_errors import LockedOut

MAX_FAILURES = 2

log = structlog.get_logger()


class LoginRefusals(Struct, frozen=True, kw_only=True):
    """How often in a row a login was refused; `credentials` names those it was tried with."""

    credentials: str = ""
    failures: int = 0


class ManagerLogin:
    """What both connections to one Asterisk log in with.

    What watches logs, as fail2ban does, blocks addresses that fail. So after two refusals we stop, until we are started
    with other credentials; `memory` keeps them over a restart. The `fence` is asked before every login and change.
    """

    def __init__(self, user: str, secret: SecretStr, memory: LoginMemory, fence: Fence | None = None) -> None:
        self.user = user
        self._secret = secret
        self._memory = memory
        self._fence = fence
        self._credentials = memory.name(f"{user}\0{secret.get_secret_value()}")
        self.failures = self._recalled()

    @property
    def locked(self) -> bool:
        """Whether we have stopped logging in."""
        return self.failures >= MAX_FAILURES

    def may_change(self) -> None:
        """Raises `NotOurs` once the PBX may belong to another process."""
        if self._fence is not None:
            self._fence()

    def may_try(self) -> None:
        """Raises `LockedOut` where a login would only be refused once more."""
        self.may_change()
        if self.locked:
            raise LockedOut(f"stopped after {self.failures} failed authentications in a row")

    def key(self, challenge: str) -> str:
        """The answer to a challenge, which shows who knows the secret without telling it."""
        given = f"{challenge}{self._secret.get_secret_value()}".encode()
        return hashlib.md5(given, usedforsecurity=False).hexdigest()

    async def accepted(self) -> None:
        """It was right."""
        if self.failures:
            self.failures = 0
            await self._remember()

    async def refused(self) -> None:
        """It was wrong."""
        self.failures += 1
        log.warning("authentication refused", user=self.user, failures=self.failures)
        await self._remember()
        if self.locked:
            log.error("no more logins until the PBX's credentials are put right", failures=self.failures)

    def _recalled(self) -> int:
        try:
            kept = msgspec.json.decode(self._memory.load() or b"", type=LoginRefusals)
        except msgspec.MsgspecError:
            return 0
        return kept.failures if kept.credentials == self._credentials else 0

    async def _remember(self) -> None:
        kept = LoginRefusals(credentials=self._credentials, failures=self.failures)
        await self._memory.save(msgspec.json.encode(kept))
