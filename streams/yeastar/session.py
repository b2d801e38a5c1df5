"""The login: one token for all callers, renewed in time, and never so often wrong that the PBX blocks us."""

import asyncio
import time
from collections.abc import Callable

import msgspec
import structlog
from msgspec import Struct
from pydantic import SecretStr

from streams.pbxs.pbx import LoginMemory, NoMemory
from streams.pbxs.pbx_errors import (
    BadCredentials,
    GiveUp,
    IpForbidden,
    LockedOut,
    PbxError,
    Refused,
    TokenExpired,
    TooManyTokens,
    Unreachable,
)
from streams.runtime.backoff import Backoff
from streams.runtime.clock import CLOCK
from streams.yeastar.http import Http
from streams.yeastar.remembered import Remembered, recall

MAX_FAILURES = 2
CAP_TRIES = 4
CAP_REST = 15.0
MARGIN = 60.0
LONGEST = 86_400.0

log = structlog.get_logger()


class Granted(Struct, frozen=True):
    """What get_token and refresh_token answer; times in seconds."""

    access_token: str
    refresh_token: str
    access_token_expire_time: float = 1_800
    refresh_token_expire_time: float = 86_400

    def __repr__(self) -> str:
        """Without the tokens."""
        return "Granted()"


class Pair(Struct, frozen=True):
    """The tokens in use and when (on our clock) to renew them."""

    access: str
    refresh: str
    renew_at: float
    refresh_until: float

    def __repr__(self) -> str:
        """Without the tokens."""
        return "Pair()"


class Session:
    """Hands out the access token.

    The PBX blocks our address after five failed authentications in a row, for good. So after two we stop, until we are
    started with other credentials. `memory` keeps tokens and failures over a restart.
    """

    def __init__(
        self,
        http: Http,
        client_id: str,
        client_secret: SecretStr,
        clock: Callable[[], float] = time.monotonic,
        *,
        memory: LoginMemory | None = None,
        now: Callable[[], float] = CLOCK.now,
    ) -> None:
        self._http = http
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._memory = memory or NoMemory()
        self._behind = now() - clock()
        self._credentials = self._memory.name(f"{client_id}\0{client_secret.get_secret_value()}")
        remembered = recall(self._memory.load(), self._credentials)
        self._pair = self._recalled(remembered)
        self._renewing: asyncio.Task[Pair] | None = None
        self._rest_until = 0.0
        self.failures = remembered.failures
        self._say_locked()

    @property
    def locked(self) -> bool:
        """Whether we have stopped logging in."""
        return self.failures >= MAX_FAILURES

    async def token(self, stale: str | None = None) -> str:
        """A valid access token, other than `stale`, which the PBX has refused.

        However many ask at once, one request is made, and it goes on if the one who asked is cancelled.
        """
        pair = self._pair
        if pair is not None and pair.access != stale and self._clock() < pair.renew_at:
            return pair.access
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew())
            self._renewing.add_done_callback(self._renewed)
        return (await asyncio.shield(self._renewing)).access

    async def close(self) -> None:
        """Give the token back, so that it does not count against the PBX's limit."""
        if self._renewing is not None:
            await asyncio.wait([self._renewing])
        pair, self._pair = self._pair, None
        if pair is None:
            return
        try:
            await self._http.call("GET", "del_token", token=pair.access)
        except PbxError as error:
            log.info("token not given back", error=str(error))
        else:
            await self._remember(None)

    def _renewed(self, task: asyncio.Task[Pair]) -> None:
        self._renewing = None
        if not task.cancelled() and task.exception() is None:
            self._pair = task.result()

    async def _renew(self) -> Pair:
        pair = await self._obtained()
        await self._remember(pair)
        return pair

    async def _obtained(self) -> Pair:
        if self.locked:
            raise LockedOut(f"stopped after {self.failures} failed authentications in a row")
        pair = self._pair
        if pair is not None and self._clock() < pair.refresh_until:
            try:
                return await self._grant("refresh_token", {"refresh_token": pair.refresh})
            except TooManyTokens:
                pass
            except (GiveUp, TokenExpired) as error:
                await self._failed("refresh_token", error)
        self._pair = None
        return await self._log_in()

    async def _log_in(self) -> Pair:
        if self._clock() < self._rest_until:
            raise TooManyTokens("get_token: all tokens were taken a moment ago")
        wait = Backoff(self._http.pause, 8 * self._http.pause)
        secret = self._client_secret.get_secret_value()
        for attempt in range(1, CAP_TRIES + 1):
            try:
                return await self._grant("get_token", {"username": self._client_id, "password": secret})
            except TooManyTokens:
                if attempt == CAP_TRIES:
                    self._rest_until = self._clock() + CAP_REST
                    raise
                await asyncio.sleep(wait.next())
            except IpForbidden:
                raise
            except GiveUp as error:
                await self._failed("get_token", error)
                raise BadCredentials(str(error)) if isinstance(error, Refused) else error from None
        raise AssertionError("unreachable")

    async def _grant(self, path: str, body: dict[str, object]) -> Pair:
        answer = await self._http.call("POST", path, body=body)
        try:
            granted = msgspec.json.decode(answer, type=Granted, strict=False)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            granted = None
        if granted is None:
            raise Unreachable(f"{path}: the answer holds no token")
        self.failures = 0
        now = self._clock()
        life = min(max(granted.access_token_expire_time, 1.0), LONGEST)
        return Pair(
            granted.access_token,
            granted.refresh_token,
            renew_at=now + life - min(MARGIN, 0.2 * life),
            refresh_until=now + min(granted.refresh_token_expire_time, LONGEST) - 1,
        )

    async def _failed(self, path: str, error: PbxError) -> None:
        self.failures += 1
        log.warning("authentication refused", path=path, error=str(error), failures=self.failures)
        await self._remember(None)
        self._say_locked()

    def _say_locked(self) -> None:
        if self.locked:
            log.error("no more logins until the PBX's credentials are put right", failures=self.failures)

    def _recalled(self, remembered: Remembered) -> Pair | None:
        """The tokens that an earlier process left, if they are still of use."""
        if not remembered.access or self._clock() + self._behind >= remembered.refresh_until:
            return None
        return Pair(
            remembered.access,
            remembered.refresh,
            renew_at=remembered.renew_at - self._behind,
            refresh_until=remembered.refresh_until - self._behind,
        )

    async def _remember(self, pair: Pair | None) -> None:
        kept = Remembered(credentials=self._credentials, failures=self.failures)
        if pair is not None:
            kept = msgspec.structs.replace(
                kept,
                access=pair.access,
                refresh=pair.refresh,
                renew_at=pair.renew_at + self._behind,
                refresh_until=pair.refresh_until + self._behind,
            )
        await self._memory.save(msgspec.json.encode(kept))
