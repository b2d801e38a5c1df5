"""Reads a PBX's settings through its API; what it refuses or does not show becomes an unknown, never an error.

It changes nothing. A permission that the API application lacks costs the judgements that rest on it, no others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from math import inf
from typing import TypeVar
from urllib.parse import urlsplit

import phonenumbers
from msgspec.structs import replace
from phonenumbers import PhoneNumberType

from detector.audit.declared import Declared
from detector.audit.posture import BlockedPosture, ExtensionPosture, Fact, Posture, RoutePosture, TrunkPosture
from detector.audit.strength import flaws
from detector.enrich.dialling.home import GUESSED_ACCESS
from detector.settings import PbxProfile
from streams.config.installation import InstalledPbx
from streams.pbxs.connected import client_of, dialling
from streams.pbxs.dialling import Dialling, carries
from streams.pbxs.pbx_errors import AccessDenied, BadCredentials, IpForbidden, LockedOut, NotSupported, PbxError
from streams.yeastar.answers import BackupFile, ExtensionAnswer, RouteAnswer
from streams.yeastar.client import YeastarClient

AT_ONCE = 4
FAR = ("+442079460018", "+390612345678", "+12125550123", "+25261234567")
"""At least three of them are abroad, wherever the PBX is."""
FINISHED = ("", "success", "finished", "completed", "done")
NO_WAY_IN = (BadCredentials, LockedOut, IpForbidden)
PORTS = {"http": 80, "https": 443}
SECONDS_A_DAY = 86_400

T = TypeVar("T")
R = TypeVar("R")


async def read_posture(settings: InstalledPbx, profile: PbxProfile, declared: Declared, now: datetime) -> Posture:
    """All that can be known of one PBX. Raises `PbxError` if there is no way in, ValueError without a connection."""
    client = client_of(settings, profile)
    url = urlsplit(str(settings.connection.url if settings.connection else ""))
    try:
        await client.session.token()
        read = Reader(client, profile)
        extensions = await fact("extension/get", read.extensions)
        passwords = await fact("extension/getpassword", lambda: read.password_flaws(extensions.value or ()))
        routes = await fact("outbound_route/get", read.routes)
        blocked = await fact("block_numbers/list", read.blocked)
        return Posture(
            pbx=settings.id,
            firmware=await fact("system/information", read.firmware),
            web_port=Fact(url.port or PORTS.get(url.scheme), "configuration: connection.url"),
            extensions=judged(extensions, passwords.value or {}),
            passwords=Fact(True if passwords.value is not None else None, passwords.source),
            routes=routes,
            trunks=await fact("trunk/list", read.trunks),
            blocked=blocked,
            premium_blocked=premium_blocked(blocked, routes, profile),
            backup_age=await fact("backup/list", lambda: read.backup_age(now)),
            declared=declared,
        )
    finally:
        await client.close()


class Reader:
    """Reads one PBX, a few requests at a time."""

    def __init__(self, client: YeastarClient, profile: PbxProfile) -> None:
        self._client = client
        self._habits = habits(profile)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def firmware(self) -> str | None:
        """The version installed."""
        return (await self._client.information()).firmware_version

    async def extensions(self) -> list[ExtensionAnswer]:
        """All extensions with their switches."""
        listed = await self._client.extensions()
        return await self._each(listed, lambda one: self._client.extension(one.number))

    async def password_flaws(self, extensions: Iterable[ExtensionAnswer]) -> dict[str, tuple[str, ...]]:
        """What is wrong with each registration password, by extension; the passwords are forgotten at once."""
        listed = list(extensions)
        found = await self._each(listed, self._password_flaws)
        return {one.number: wrong for one, wrong in zip(listed, found, strict=True) if wrong is not None}

    async def routes(self) -> tuple[RoutePosture, ...]:
        """All outbound routes, without their PINs."""
        listed = await self._client.outbound_routes()
        complete = await self._each(listed, lambda one: self._client.outbound_route(one.id))
        return tuple(route_posture(route, self._habits) for route in complete)

    async def trunks(self) -> tuple[TrunkPosture, ...]:
        """All trunks."""
        listed = await self._client.trunks()
        complete = await self._each(listed, lambda one: self._client.trunk(one.id))
        return tuple(
            TrunkPosture(name=one.name, enabled=one.enable != 0, hostname=one.hostname or "", port=one.port)
            for one in complete
        )

    async def blocked(self) -> tuple[BlockedPosture, ...]:
        """All rules that stop numbers."""
        return tuple(
            BlockedPosture(name=rule.name, direction=rule.limit_type or "both", numbers=rule.numbers)
            for rule in await self._client.block_numbers()
        )

    async def backup_age(self, now: datetime) -> float | None:
        """Days since the last good backup; None if times cannot be read."""
        made = [one for one in await self._client.backups() if (one.status or "").casefold() in FINISHED]
        if not made:
            return inf
        await self._client.information()
        times = [at for one in made if (at := self._made_at(one)) is not None]
        return max(0.0, (now - max(times)).total_seconds() / SECONDS_A_DAY) if times else None

    def _made_at(self, backup: BackupFile) -> datetime | None:
        try:
            return self._client.display.read(backup.create_time or "")
        except ValueError:
            return None

    async def _password_flaws(self, extension: ExtensionAnswer) -> tuple[str, ...] | None:
        secret = (await self._client.registration(extension.id)).reg_password
        return None if secret is None else flaws(secret, extension.number, extension.caller_id_name or "")

    async def _each(self, items: Iterable[T], ask: Callable[[T], Awaitable[R]]) -> list[R]:
        async def one(item: T) -> R:
            async with self._turns:
                return await ask(item)

        return await asyncio.gather(*(one(item) for item in items))


async def fact(endpoint: str, ask: Callable[[], Awaitable[R | None]]) -> Fact[R]:
    """What the PBX answers, or why nobody knows. Raises `PbxError` if there is no way in at all."""
    try:
        found = await ask()
    except NO_WAY_IN:
        raise
    except AccessDenied as error:
        return Fact(None, f"the API application may not read {endpoint_of(error)}")
    except NotSupported as error:
        return Fact(None, f"this firmware does not offer {endpoint_of(error)}")
    except PbxError as error:
        return Fact(None, f"the PBX did not answer as expected: {error}")
    return Fact(found, f"API: {endpoint}" if found is not None else f"the PBX does not show it in {endpoint}")


def endpoint_of(error: PbxError) -> str:
    """Which endpoint an error is about: its text begins with it."""
    return str(error).partition(":")[0]


def judged(
    extensions: Fact[list[ExtensionAnswer]], wrong: Mapping[str, tuple[str, ...]]
) -> Fact[tuple[ExtensionPosture, ...]]:
    """The extensions as they are judged; one whose password was not seen has no flaws to tell."""
    if extensions.value is None:
        return Fact(None, extensions.source)
    return Fact(tuple(extension_posture(one, wrong.get(one.number)) for one in extensions.value), extensions.source)


def extension_posture(shown: ExtensionAnswer, wrong: tuple[str, ...] | None) -> ExtensionPosture:
    """One extension as it is judged."""
    return ExtensionPosture(
        number=shown.number,
        role=shown.role_name,
        concurrent_registrations=shown.concurrent_registrations,
        remote=switch(shown.allow_reg_remotely),
        user_agents_limited=switch(shown.enb_user_agent_ident),
        addresses_limited=switch(shown.enb_ip_rstr),
        outbound_disabled=switch(shown.disable_outb_call),
        max_call_seconds=shown.max_outb_call_duration,
        password_flaws=wrong,
    )


def route_posture(route: RouteAnswer, dials: Iterable[Dialling]) -> RoutePosture:
    """One route as it is judged."""
    patterns = tuple(str(item.get("pattern") or "") for item in route.dial_pattern_list)
    plain = [item for item in route.ext_list if item.get("type") in ("extension", None, "")]
    groups = [item for item in route.ext_list if item not in plain]
    return RoutePosture(
        name=route.name,
        patterns=patterns,
        trunks=tuple(str(item.get("name") or item.get("id") or "") for item in route.trunk_list),
        members=tuple(sorted(str(item.get("ext_number") or item.get("id") or "") for item in plain)),
        groups=tuple(sorted(str(item.get("ext_name") or item.get("id") or "") for item in groups)),
        pin=route.pin_protect or "disable",
        abroad=any(leads_abroad(patterns, dial) for dial in dials),
    )


def leads_abroad(patterns: Iterable[str], dial: Dialling) -> bool:
    """Whether one of the patterns takes a number abroad, in any way it may be dialled."""
    code = f"+{dial.calling_code}"
    forms = [
        form for number in FAR if not dial.calling_code or not number.startswith(code) for form in dial.forms(number)
    ]
    return any(carries(pattern, form) for pattern in patterns for form in forms)


def premium_blocked(
    blocked: Fact[tuple[BlockedPosture, ...]], routes: Fact[tuple[RoutePosture, ...]], profile: PbxProfile
) -> Fact[bool]:
    """Whether an example of the country's premium-rate numbers is blocked in every way that a route takes it."""
    if blocked.value is None or routes.value is None:
        return Fact(None, blocked.source if blocked.value is None else routes.source)
    example = phonenumbers.example_number_for_type(profile.region, PhoneNumberType.PREMIUM_RATE)
    if example is None:
        return Fact(None, f"no premium-rate numbers are known of {profile.region}")
    written = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    forms = [form for dial in habits(profile) for form in dial.at_home(written)]
    taken = [form for form in forms if any(carries(way, form) for route in routes.value for way in route.patterns)]
    outbound = [number for rule in blocked.value if rule.direction != "inbound" for number in rule.numbers]
    stopped = all(any(carries(pattern, form) for pattern in outbound) for form in taken)
    return Fact(stopped, f"{blocked.source}, against {written}")


def habits(profile: PbxProfile) -> list[Dialling]:
    """How users may dial: where nobody configured an access digit, behind those that are usual, too."""
    dial = dialling(profile)
    guessed = (dial.access_digit,) if dial.access_digit else GUESSED_ACCESS
    return [replace(dial, access_digit=access) for access in guessed]


def switch(value: int | None) -> bool | None:
    """A switch of the API."""
    return None if value is None else value != 0
