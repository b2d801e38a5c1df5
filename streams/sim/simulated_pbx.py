"""The simulated PBX as a program sees it: a real web server, and hands on everything behind it."""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

from starlette.requests import Request
from starlette.responses import JSONResponse

from streams.sim.attacks import attacks
from streams.sim.attacks.attacker import ADDRESS, Attacker, AttackProgress
from streams.sim.core import PbxCore
from streams.sim.feed_poller import follow
from streams.sim.local_server import LocalServer
from streams.sim.office import lan_address
from streams.sim.options import SimOptions
from streams.sim.portal import LoginResult, Surface
from streams.sim.settings import SimExtension, SimRoute
from streams.sim.telephony.cdr import Row
from streams.sim.telephony.registrar import DESK_PHONE, RegistrationResult
from streams.sim.telephony.sim_call import Attempt, CallPlan, SimCall
from streams.sim.telephony.traffic import HonestTraffic
from streams.sim.weaknesses import portal
from streams.sim.web import WebServer
from streams.sim.webhooks import SimDelivery, WebhookSender


class SimulatedPbx:
    """A PBX on a port of this machine: `async with SimulatedPbx(SimOptions()) as pbx: ...`."""

    def __init__(self, options: SimOptions | None = None) -> None:
        self.options = options or SimOptions()
        self.core = PbxCore(self.options)
        self.progress: dict[str, AttackProgress] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        web = WebServer(self.core, self._control if self.options.control else None)
        blocked = self.core.access.blocked_ips
        self._server = LocalServer(web, self.options.host, self.options.port, blocked.__contains__)
        self._sender = WebhookSender(self.options, lambda: self.core.webhooks)
        self._ignore = self.core.hub.listen(self._sender.push)
        await self._server.start()
        if self.options.firewall_feed_url is not None:
            feed = follow(self.options.firewall_feed_url, self.options.firewall_poll_seconds, self.core.firewall)
            self._spawn(feed)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        failures = await asyncio.gather(*self._tasks, return_exceptions=True)
        self.core.calls.stop()
        self.core.registrar.stop()
        self._ignore()
        await self._sender.close()
        await self._server.stop()
        for failure in failures:
            if isinstance(failure, Exception) and error is None:
                raise failure

    @property
    def url(self) -> str:
        """Where the PBX's web portal and API are, without a path."""
        host = f"[{self.options.host}]" if ":" in self.options.host else self.options.host
        return f"http://{host}:{self._server.port}"

    @property
    def client_id(self) -> str:
        """The API application's id."""
        return self.core.access.client_id

    @property
    def client_secret(self) -> str:
        """The API application's secret."""
        return self.core.access.client_secret

    @property
    def serial(self) -> str:
        """The PBX's serial number, `sn` in events."""
        return self.options.serial

    @property
    def cdrs(self) -> list[Row]:
        """Every record row so far, oldest first."""
        return self.core.cdrs.rows

    @property
    def calls(self) -> list[SimCall]:
        """The calls now up."""
        return list(self.core.calls.up.values())

    @property
    def events(self) -> list[tuple[int, dict[str, object]]]:
        """The last events, as (id, message), whoever listened."""
        return list(self.core.hub.sent)

    @property
    def sent_webhooks(self) -> list[SimDelivery]:
        """Webhook deliveries that were accepted or given up."""
        return list(self._sender.sent)

    @property
    def blocked_api_ips(self) -> set[str]:
        """Addresses whose connections are refused after failed authentications."""
        return set(self.core.access.blocked_ips)

    def extension(self, number: str) -> SimExtension:
        """One extension by number; `KeyError` if there is none."""
        extension = self.core.settings.extension(number)
        if extension is None:
            raise KeyError(number)
        return extension

    def route(self, name: str) -> SimRoute:
        """One outbound route by name; `StopIteration` if there is none."""
        return next(r for r in self.core.settings.routes if r.name == name)

    def move_route(self, name: str, position: int) -> None:
        """Change in the portal which route is tried when; positions count from 1."""
        self.core.settings.routes.move(self.route(name).id, position)

    def change_extension(self, number: str, **fields: object) -> None:
        """Change an extension in the portal, also what the API cannot (`forward_to`, `allowed_ips`)."""
        old = self.extension(number)
        self.core.settings.extensions.put(SimExtension.model_validate(old.model_dump() | fields))

    def register(
        self,
        number: str,
        source_ip: str | None = None,
        password: str | None = None,
        user_agent: str = DESK_PHONE,
        kind: str = "Sip",
        expires: float = 3600,
    ) -> RegistrationResult:
        """A device registers: from the desk, with the right password, unless said otherwise."""
        extension = self.core.settings.extension(number)
        secret = password if password is not None else extension.reg_password if extension else ""
        address = source_ip or lan_address(number)
        return self.core.registrar.register(number, secret, address, user_agent, kind, expires)

    def dial(
        self,
        number: str,
        dialled: str,
        *,
        source_ip: str | None = None,
        pin: str | None = None,
        plan: CallPlan | None = None,
    ) -> Attempt:
        """The extension's device at `source_ip`, or the one registered last, dials."""
        return self.core.calls.dial(number, dialled, source_ip=source_ip, pin=pin, plan=plan)

    def inbound(self, caller: str, number: str, plan: CallPlan | None = None) -> Attempt:
        """A call comes in for an extension."""
        return self.core.calls.inbound(caller, number, plan=plan)

    def login(self, user: str, password: str, source_ip: str, surface: Surface = "web") -> LoginResult:
        """Somebody logs in to the web portal or Linkus."""
        return self.core.portal.login(user, password, source_ip, surface)

    def fail_logins(self, user: str, source_ip: str, times: int = 1) -> None:
        """Somebody mistypes, or guesses, a web password."""
        for _ in range(times):
            self.login(user, "not the password", source_ip)

    def unblock_api_ip(self, client_ip: str) -> None:
        """What an administrator does in the portal, and no API can."""
        self.core.access.unblock(client_ip)

    def portal(self) -> dict[str, object]:
        """What the portal shows and the API does not, as `defaults` of an audit's settings file."""
        return portal(self.options.weak, self.options.firmware_version)

    def start_honest_traffic(self) -> None:
        """Register the office's phones and let people call and log in until the end."""
        self._spawn(HonestTraffic(self.core).run())

    def start_attack(self, name: str, source_ip: str = ADDRESS) -> AttackProgress:
        """Begin a scripted attack; `KeyError` names the ones there are."""
        if name not in attacks():
            raise KeyError(f"{name}: one of {', '.join(sorted(attacks()))}")
        progress = AttackProgress(name, self.core.clock.now())
        self.progress[name] = progress
        self._spawn(self._attack(name, Attacker(self.core, progress, source_ip)))
        return progress

    async def webhooks_settled(self) -> None:
        """Wait until every event pushed so far was accepted or given up."""
        await self._sender.settled()

    def state(self) -> dict[str, object]:
        """What is going on, for a program outside to compare: as `GET /sim/state` answers."""
        now = self.core.clock.now()
        return {
            "sn": self.serial,
            "now": now,
            "calls_up": [call.state() | {"type": call.kind, "dialled": call.dialled} for call in self.calls],
            "attempts": dict(self.core.calls.attempts),
            "attacks": {name: progress.shown(now) for name, progress in self.progress.items()},
            "cdr_calls": [row["call_id"] for row in self.cdrs],
            "firewall": {"blocked": self.core.firewall.blocked, "dropped": self.core.firewall.dropped},
            "changes": list(self.core.changes),
            "blocked_api_ips": sorted(self.blocked_api_ips),
        }

    async def _attack(self, name: str, attacker: Attacker) -> None:
        await attacks()[name](attacker)
        attacker.phase("over")
        attacker.progress.finished_at = self.core.clock.now()

    async def _control(self, request: Request) -> JSONResponse:
        name = request.url.path.removeprefix("/sim/attack/")
        if request.method == "GET" and request.url.path == "/sim/state":
            return JSONResponse(self.state())
        if request.method == "POST" and name in attacks():
            self.start_attack(name)
            return JSONResponse({"started": name})
        return JSONResponse({"error": "no such page", "attacks": sorted(attacks())}, status_code=404)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(work))


async def serve(options: SimOptions, ready: Callable[[SimulatedPbx], None] | None = None) -> None:
    """Run a PBX until cancelled, with the traffic and attack the options ask for.

    `ready` is called once the port accepts connections, so that the caller can show address and credentials.
    """
    async with SimulatedPbx(options) as pbx:
        if ready is not None:
            ready(pbx)
        if options.honest_traffic:
            pbx.start_honest_traffic()
        if options.attack is not None:
            await pbx.core.clock.wait(options.attack_after)
            pbx.start_attack(options.attack)
        await asyncio.Event().wait()
