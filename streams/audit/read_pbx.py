"""Asks one PBX for all that an audit tells of it, whatever its make; nothing is changed there."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from detector.audit.declared import Declared
from detector.audit.posture import Posture
from detector.detect.rules.call_route import CallRoute
from detector.settings import PbxProfile
from streams.config.installation import InstalledPbx
from streams.pbxs.discovery import Capabilities, Discovery, FoundRoute
from streams.pbxs.makes import connect
from streams.pbxs.pbx import NoMemory

SHOWN = 10
NO_ORDER = "the PBX does not show the order of its routes: of a call that two of them take, both are told as possible"
NO_EMERGENCY_PATH = "no route for emergency calls is known, so Ringfence will shut no route and no trunk"


class SeenPbx(Struct, frozen=True, kw_only=True):
    """Its settings as they are judged, what it can tell, what can be done to it, and where our settings misfit."""

    posture: Posture
    capabilities: Capabilities
    notes: tuple[str, ...]


async def read_pbx(pbx: InstalledPbx, profile: PbxProfile, declared: Declared, now: datetime) -> SeenPbx:
    """All of it. Raises `PbxError` if there is no way in, ValueError where the settings name none."""
    connection = connect(pbx, profile, NoMemory())
    try:
        posture = await connection.posture(declared, now)
        capabilities = await connection.capabilities()
        found = await connection.discover()
    finally:
        await connection.close()
    return SeenPbx(posture=posture, capabilities=capabilities, notes=tuple(misfits(profile, found)))


def misfits(profile: PbxProfile, found: Discovery) -> Iterator[str]:
    """What the configuration says of the PBX and the PBX does not: a protection by a wrong name protects nobody."""
    if found.extensions.value is not None:
        yield from strangers("extension", profile.extensions, (one.number for one in found.extensions.value))
    if found.trunks.value is not None:
        yield from strangers("trunk", profile.trunks, (one.name for one in found.trunks.value))
    if found.routes.value is not None:
        rule = allowing(profile)
        yield from strangers("route", {*profile.routes, *rule.names}, (one.name for one in found.routes.value))
        yield from differences(profile, rule, found.routes.value)
        if len(found.routes.value) > 1 and any(route.order is None for route in found.routes.value):
            yield NO_ORDER
        configured = any(route.emergency for route in profile.routes.values())
        if not configured and not any(route.emergency for route in found.routes.value):
            yield NO_EMERGENCY_PATH


def allowing(profile: PbxProfile) -> CallRoute:
    """The rule on who may use which route."""
    settings = profile.rule(CallRoute.id)
    return CallRoute(settings.limits, settings.mode)


def differences(profile: PbxProfile, rule: CallRoute, routes: Iterable[FoundRoute]) -> Iterator[str]:
    """A sentence for each route that the PBX lets others use than the rule does."""
    for route in routes:
        more = [
            number for number in route.extensions
            if not rule.permits(route.name, number, profile.extension(number).group)
        ]  # fmt: skip
        if more:
            shown = ", ".join(more[:SHOWN]) + (f" and {len(more) - SHOWN} more" if len(more) > SHOWN else "")
            yield f"route {route.name} may be used by {shown} on the PBX, which {CallRoute.id} does not allow"


def strangers(what: str, configured: Iterable[str], there: Iterable[str]) -> Iterator[str]:
    """A sentence for each name that is configured and not there."""
    for name in sorted(set(configured) - set(there)):
        yield f"{what} {name} is configured, and the PBX has none of that name"
