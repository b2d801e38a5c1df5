"""An ordinary working day: phones that register again and again, staff, partners, a mistyped password."""

import asyncio

from streams.sim.core import PbxCore
from streams.sim.office import ADMINISTRATOR, INTERNATIONAL_STAFF, REMOTE_STAFF, lan_address
from streams.sim.telephony.sim_call import CallPlan

_LINKUS = "Linkus Desktop 1.13.2"
_EXPIRES = 3600.0
PARTNERS = {
    "US": ("912125550147", "913125550163", "914155550192", "917135550121", "916175550118", "912065550134"),
    "DE": ("90114930901820", "901149892345670"),
    "GB": ("9011442079460123", "9011441614960456"),
}
_CALLERS = ("12125550147", "13125550163", "14155550192", "17135550121", "4930901820", "442079460123")


class HonestTraffic:
    """Registers every phone, then plays calls and logins until it is cancelled."""

    def __init__(self, core: PbxCore) -> None:
        self._core = core
        self._rng = core.rng
        # What the phones were provisioned with: a password changed on the PBX later leaves them behind.
        self._secrets = {e.number: e.reg_password for e in core.settings.extensions}
        self._portal_secrets = {e.number: e.user_password for e in core.settings.extensions}

    def register_phones(self) -> None:
        """One REGISTER by every phone, desk phones from the LAN and softphones of remote staff."""
        for number in self._secrets:
            self._register(number)

    async def run(self) -> None:
        """Traffic for ever."""
        self.register_phones()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._refresh())
            group.create_task(self._call())
            group.create_task(self._log_in())

    async def _refresh(self) -> None:
        pause = _EXPIRES / 2 / len(self._secrets)
        while True:
            for number in self._secrets:
                await self._core.clock.wait(pause)
                self._register(number)

    async def _call(self) -> None:
        mean = 3600 / self._core.options.calls_per_hour
        while True:
            await self._core.clock.wait(self._rng.expovariate(1 / mean))
            self.one_call()

    async def _log_in(self) -> None:
        while True:
            await self._core.clock.wait(self._rng.expovariate(1 / 900))
            self.one_login()

    def one_call(self) -> None:
        """One call of the kinds an office makes: within, out, in."""
        kind = self._rng.choices(("internal", "outbound", "inbound"), (4, 4, 3))[0]
        caller, callee = self._rng.sample(sorted(self._secrets), 2)
        plan = self._plan()
        if kind == "internal":
            self._core.calls.dial(caller, callee, source_ip=self._phone(caller), plan=plan)
        elif kind == "inbound":
            self._core.calls.inbound(self._rng.choice(_CALLERS), callee, plan=plan)
        else:
            abroad = caller in INTERNATIONAL_STAFF and self._rng.random() < 0.5
            country = self._rng.choice(("DE", "GB")) if abroad else "US"
            number = self._rng.choice(PARTNERS[country])
            self._core.calls.dial(caller, number, source_ip=self._phone(caller), plan=plan)

    def one_login(self) -> None:
        """Somebody logs in to the portal, once in eight with a typing error first."""
        if self._rng.random() < 0.2:
            user, secret = ADMINISTRATOR, self._core.portal.administrators[ADMINISTRATOR]
            address = lan_address("1000")
        else:
            user = self._rng.choice(sorted(self._portal_secrets))
            secret, address = self._portal_secrets[user], lan_address(user)
        if self._rng.random() < 0.125:
            self._core.portal.login(user, secret[:-1], address)
        self._core.portal.login(user, secret, address)

    def _plan(self) -> CallPlan:
        if self._rng.random() < 0.12:
            return CallPlan(ring=self._rng.uniform(12, 25), result=self._rng.choice(("no_answer", "busy")))
        talk = min(1800.0, self._rng.lognormvariate(4.7, 0.8))
        return CallPlan(ring=self._rng.uniform(2, 12), talk=talk)

    def _phone(self, number: str) -> str:
        return REMOTE_STAFF.get(number, lan_address(number))

    def _register(self, number: str) -> None:
        address, secret = self._phone(number), self._secrets[number]
        if number in REMOTE_STAFF:
            self._core.registrar.register(number, secret, address, _LINKUS, "Desktop", _EXPIRES)
        else:
            self._core.registrar.register(number, secret, address, expires=_EXPIRES)
