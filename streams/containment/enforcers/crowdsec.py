"""Has CrowdSec keep addresses out: a block is a decision at its local API, which its bouncers carry out."""

import asyncio
import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from pathlib import Path
from typing import Annotated, ClassVar, Self
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Struct
from pydantic import AfterValidator, BeforeValidator

from detector.decide.guard import Network, block_range
from detector.settings.params import Params
from detector.settings.values import Located, host_or_network, refusal
from streams.config.block_list_settings import may_be_asked
from streams.config.secrets import Secret
from streams.containment.enforcers.enforcer import Enforcer, EnforcerError, enforcer
from streams.runtime.clock import utc_now
from streams.store.journal.journal import Journal

OURS = "ringfence"
"""Origin and scenario of what we decide there."""
TIMEOUT_SECONDS = 10
LARGEST_ANSWER = 32 * 1024 * 1024
MARGIN_SECONDS = 60
"""So much longer than its end a decision lasts unless we lift it: one that runs out by itself looks like an unban."""
TOLERANCE_SECONDS = 30
LONGEST_SECONDS = 10 * 365 * 86_400
DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)(?:\.\d+)?s)?", re.ASCII)


def api_url(value: str) -> str:
    """`https://host:port`, or `http` on this machine: the password goes there."""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = None
    if not sound or parts.username or parts.password or parts.query or parts.fragment or not value.isprintable():
        raise refusal("not a URL of a local API", "a URL such as https://crowdsec.example:8080")
    host_or_network(str(parts.hostname), cidr=False)
    if not may_be_asked(value, plainly=False):
        raise refusal("the password would go there in the clear", "https, or http on this machine")
    return value.rstrip("/")


def given(value: object) -> object:
    """What has to be there."""
    if value is None:
        raise refusal("the login of a machine is needed, see cscli machines add", "env:NAME or file:PATH")
    return value


def readable(path: Path) -> Path:
    """A file of certificates that can be trusted."""
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        raise refusal("no certificates can be read there", "a file of PEM certificates") from None
    return path


Needed = Annotated[Secret, BeforeValidator(given)]


class CrowdsecSettings(Params):
    """`url`: its local API. `machine` and `password`: a login by `cscli machines add`.

    `ca`: who signed its certificate; without it that is checked by those whom this machine trusts.
    """

    url: Annotated[str, AfterValidator(api_url)] = "http://127.0.0.1:8080"
    machine: Needed
    password: Needed
    ca: Annotated[Located, AfterValidator(readable)] | None = None


class _Login(Struct):
    token: str


class _Decision(Struct):
    id: int
    duration: str
    value: str
    type: str = ""
    simulated: bool = False


class _Alert(Struct):
    machine_id: str = ""
    decisions: list[_Decision] | None = None


class _Standing(Struct, frozen=True):
    """Our decisions in force, and what time it is there."""

    now: datetime
    decisions: tuple[_Decision, ...]

    def on(self, network: Network) -> Iterator[_Decision]:
        return (one for one in self.decisions if cidr_of(one.value) == str(network))


@enforcer
class Crowdsec(Enforcer):
    """Decisions of CrowdSec, type `ban`, origin and scenario `ringfence`; whatever others decided is never touched.

    What people delete there (`cscli decisions delete`) is not put back.
    """

    name: ClassVar[str] = "crowdsec"
    settings: ClassVar[type[Params]] = CrowdsecSettings
    lasting: ClassVar[bool] = True

    def __init__(self, url: str, machine: str, password: str, trust: ssl.SSLContext | None = None) -> None:
        self._url = url
        self._machine = machine
        self._password = password
        self._trust = trust or ssl.create_default_context()
        self._token: str | None = None
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    def configured(cls, settings: CrowdsecSettings, journal: Journal) -> Self:
        """Logs in when it is first needed."""
        assert settings.machine is not None, "needed, and who acts fetches all secrets"
        assert settings.password is not None, "needed, and who acts fetches all secrets"
        return cls(
            settings.url, settings.machine.get_secret_value(), settings.password.get_secret_value(),
            ssl.create_default_context(cafile=settings.ca),
        )  # fmt: skip

    async def block(self, target: str, until: datetime) -> None:
        """Decide it unless it is decided for as long; a longer decision belongs to another block, which lifts it."""
        network = block_range(target)
        seconds = ceil((until - utc_now()).total_seconds())
        if seconds <= 0:
            return
        lasts = min(seconds + MARGIN_SECONDS, LONGEST_SECONDS)
        async with self._one_at_a_time:
            standing = await self._standing()
            if all(seconds_of(one.duration) < lasts - TOLERANCE_SECONDS for one in standing.on(network)):
                await self._ask("POST", "alerts", body=[alert(network, lasts, standing.now)])

    async def lift(self, target: str) -> None:
        """Delete our decisions on exactly this; a wider one belongs to another block."""
        network = block_range(target)
        async with self._one_at_a_time:
            for one in (await self._standing()).on(network):
                await self._ask("DELETE", f"decisions/{one.id}")

    async def blocked(self) -> frozenset[str]:
        """What our decisions keep out now."""
        found = (cidr_of(one.value) for one in (await self._standing()).decisions)
        return frozenset(cidr for cidr in found if cidr is not None)

    async def _standing(self) -> _Standing:
        # without a limit of 0 only the newest hundred are told
        asked = {"scenario": OURS, "has_active_decision": "true", "limit": "0"}
        answer, now = await self._ask("GET", "alerts", params=asked)
        try:
            alerts = msgspec.json.decode(answer, type=list[_Alert] | None) or []
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise EnforcerError("crowdsec: the local API answered something unreadable") from error
        mine = (one for alert in alerts if alert.machine_id == self._machine for one in alert.decisions or ())
        return _Standing(now, tuple(one for one in mine if bans(one)))

    async def _ask(
        self, method: str, path: str, *, params: dict[str, str] | None = None, body: object = None
    ) -> tuple[bytes, datetime]:
        """The answer and the time there; logs in first where that is missing or over."""
        fresh = self._token is None
        if fresh:
            await self._log_in()
        status, answer, now = await self._send(method, path, params=params, body=body)
        if status == httpx.codes.UNAUTHORIZED and not fresh:
            await self._log_in()
            status, answer, now = await self._send(method, path, params=params, body=body)
        if status not in (httpx.codes.OK, httpx.codes.CREATED):
            self._token = None
            raise EnforcerError(f"crowdsec: the local API says {status} to {method} {path}")
        return answer, now

    async def _log_in(self) -> None:
        self._token = None
        login = {"machine_id": self._machine, "password": self._password, "scenarios": []}
        status, answer, _ = await self._send("POST", "watchers/login", body=login)
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise EnforcerError(
                "crowdsec: the local API refuses the login: wrong machine or password, or not validated"
            )
        if status != httpx.codes.OK:
            raise EnforcerError(f"crowdsec: the local API says {status} to the login")
        try:
            token = msgspec.json.decode(answer, type=_Login).token
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise EnforcerError("crowdsec: the local API answered something unreadable to the login") from None
        if not (token.isascii() and token.isprintable()):
            raise EnforcerError("crowdsec: the local API answered something unreadable to the login")
        self._token = token

    async def _send(
        self, method: str, path: str, *, params: dict[str, str] | None = None, body: object = None
    ) -> tuple[int, bytes, datetime]:
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                httpx.AsyncClient(verify=self._trust, timeout=TIMEOUT_SECONDS, trust_env=False) as client,
                client.stream(
                    method, f"{self._url}/v1/{path}", params=params, headers=headers,
                    content=None if body is None else msgspec.json.encode(body),
                ) as response,
            ):  # fmt: skip
                return response.status_code, await read_all(response), time_of(response)
        except TimeoutError:
            raise EnforcerError(f"crowdsec: the local API did not answer in {TIMEOUT_SECONDS} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = f"{type(error).__name__}: {error}"[:200]
            raise EnforcerError(f"crowdsec: the local API cannot be reached: {why}") from None


async def read_all(response: httpx.Response) -> bytes:
    """The answer, unless it is larger than any can be."""
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > LARGEST_ANSWER:
            raise EnforcerError(f"crowdsec: the local API answers more than {LARGEST_ANSWER} bytes")
        parts.append(part)
    return b"".join(parts)


def time_of(response: httpx.Response) -> datetime:
    """The time at the server, by which decisions run out there; ours where it tells none."""
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return utc_now()


def alert(network: Network, seconds: int, now: datetime) -> dict[str, object]:
    """What CrowdSec is told: an alert that brings its decision along, which lasts so many seconds from `now` on."""
    single = network.num_addresses == 1
    scope, value = ("Ip", str(network.network_address)) if single else ("Range", str(network))
    decision = {
        "origin": OURS, "scenario": OURS, "type": "ban", "scope": scope, "value": value, "duration": f"{seconds}s",
    }  # fmt: skip
    at = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "scenario": OURS, "scenario_hash": "", "scenario_version": "", "message": f"Ringfence keeps {value} out",
        "events_count": 1, "events": [], "start_at": at, "stop_at": at, "capacity": 0, "leakspeed": "0",
        "simulated": False, "remediation": True,
        "source": {"scope": scope, "value": value, "ip" if single else "range": value}, "decisions": [decision],
    }  # fmt: skip


def bans(decision: _Decision) -> bool:
    """Whether it keeps anybody out now."""
    return decision.type == "ban" and not decision.simulated and not decision.duration.startswith("-")


def seconds_of(duration: str) -> int:
    """Whole seconds of what Go writes, such as 59m59.9s; what is shorter than a second, or unreadable, is none."""
    found = DURATION.fullmatch(duration)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    return hours * 3_600 + minutes * 60 + seconds


def cidr_of(value: str) -> str | None:
    """An address or range as CIDR; None where it is neither."""
    try:
        return str(block_range(value))
    except ValueError:
        return None
