"""What an audit can know of a P-Series: what its API shows, and which conclusions that allows."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import inf
from urllib.parse import urlsplit

import phonenumbers
from msgspec.structs import replace
from phonenumbers import PhoneNumberType

from detector.audit.declared import Declared
from detector.audit.posture import BlockedPosture, ExtensionPosture, Fact, Posture, RoutePosture, TrunkPosture
from detector.audit.strength import flaws
from detector.enrich.dialling.emergency import GUESSED_ACCESS
from detector.settings import PbxProfile
from streams.config.installation import InstalledPbx
from streams.pbxs.dialling import Dialling, carries, dialling_of
from streams.yeastar.answers import BackupFile, ExtensionAnswer, RouteAnswer
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series_action import patterns_of
from streams.yeastar.settings_reader import Reader, fact, listed_groups, listed_numbers, listed_trunks

FAR = ("+442079460018", "+390612345678", "+12125550123", "+25261234567")
"""At least three of them are abroad, wherever the PBX is."""
FINISHED = ("", "success", "finished", "completed", "done")
PORTS = {"http": 80, "https": 443}
SECONDS_A_DAY = 86_400


async def read_posture(
    client: YeastarClient, settings: InstalledPbx, profile: PbxProfile, declared: Declared, now: datetime
) -> Posture:
    """All that can be known of one PBX. Raises `PbxError` if there is no way in."""
    await client.session.token()
    url = urlsplit(str(settings.connection.url if settings.connection else ""))
    read = PostureReader(client, profile)
    extensions = await fact("extension/get", read.extensions)
    passwords = await fact("extension/getpassword", lambda: read.password_flaws(extensions.value or ()))
    routes = await fact("outbound_route/get", read.judged_routes)
    blocked = await fact("block_numbers/list", read.blocked)
    return Posture(
        pbx=settings.id,
        firmware=await fact("system/information", read.firmware),
        web_port=Fact(url.port or PORTS.get(url.scheme), "configuration: connection.url"),
        extensions=judged(extensions, passwords.value or {}),
        passwords=Fact(True if passwords.value is not None else None, passwords.source),
        routes=routes,
        trunks=await fact("trunk/list", read.judged_trunks),
        blocked=blocked,
        premium_blocked=premium_blocked(blocked, routes, profile),
        backup_age=await fact("backup/list", lambda: read.backup_age(now)),
        declared=declared,
    )


class PostureReader(Reader):
    """Reads what is judged of one PBX."""

    def __init__(self, client: YeastarClient, profile: PbxProfile) -> None:
        super().__init__(client)
        self._habits = habits(profile)

    async def firmware(self) -> str | None:
        """The version installed."""
        return (await self.client.information()).firmware_version

    async def password_flaws(self, extensions: Iterable[ExtensionAnswer]) -> dict[str, tuple[str, ...]]:
        """What is wrong with each registration password, by extension; the passwords are forgotten at once."""
        listed = list(extensions)
        found = await self.each(listed, self._password_flaws)
        return {one.number: wrong for one, wrong in zip(listed, found, strict=True) if wrong is not None}

    async def judged_routes(self) -> tuple[RoutePosture, ...]:
        """All outbound routes, without their PINs."""
        return tuple(route_posture(route, self._habits) for route in await self.routes())

    async def judged_trunks(self) -> tuple[TrunkPosture, ...]:
        """All trunks."""
        return tuple(
            TrunkPosture(name=one.name, enabled=one.enable != 0, hostname=one.hostname or "", port=one.port)
            for one in await self.trunks()
        )

    async def blocked(self) -> tuple[BlockedPosture, ...]:
        """All rules that stop numbers."""
        return tuple(
            BlockedPosture(name=rule.name, direction=rule.limit_type or "both", numbers=rule.numbers)
            for rule in await self.client.block_numbers()
        )

    async def backup_age(self, now: datetime) -> float | None:
        """Days since the last good backup; None if times cannot be read."""
        made = [one for one in await self.client.backups() if (one.status or "").casefold() in FINISHED]
        if not made:
            return inf
        await self.client.information()
        times = [at for one in made if (at := self._made_at(one)) is not None]
        return max(0.0, (now - max(times)).total_seconds() / SECONDS_A_DAY) if times else None

    def _made_at(self, backup: BackupFile) -> datetime | None:
        try:
            return self.client.display.read(backup.create_time or "")
        except ValueError:
            return None

    async def _password_flaws(self, extension: ExtensionAnswer) -> tuple[str, ...] | None:
        secret = (await self.client.registration(extension.id)).reg_password
        return None if secret is None else flaws(secret, extension.number, extension.caller_id_name or "")


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
    patterns = tuple(patterns_of(route))
    return RoutePosture(
        name=route.name,
        patterns=patterns,
        trunks=listed_trunks(route),
        members=listed_numbers(route),
        groups=listed_groups(route),
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
    dial = dialling_of(profile)
    guessed = (dial.access_digit,) if dial.access_digit else GUESSED_ACCESS
    return [replace(dial, access_digit=access) for access in guessed]


def switch(value: int | None) -> bool | None:
    """A switch of the API."""
    return None if value is None else value != 0
