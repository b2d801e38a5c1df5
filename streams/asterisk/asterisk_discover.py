"""What is configured on an Asterisk, as far as its manager interface shows it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from detector.audit.posture import Fact
from detector.formats.asterisk.asterisk_frames import Fields
from streams.asterisk.ami_client import AmiClient
from streams.asterisk.asterisk_action import AsteriskMeans
from streams.asterisk.guarded_lines import GuardedLine, guarded_lines
from streams.pbxs.dialling import Dialling, surely_carries_emergency
from streams.pbxs.discovery import Discovery, FoundExtension, FoundRoute, FoundTrunk
from streams.pbxs.pbx_errors import AccessDenied, NotSupported

T = TypeVar("T")
NO_ADDRESSES = "the manager interface does not show the PBX's own addresses"


async def discover(means: AsteriskMeans) -> Discovery:
    """All of it. Raises `PbxError` if there is no way in at all."""
    endpoints = await fact("PJSIPShowEndpoints", lambda: means.client.list("PJSIPShowEndpoints"))
    lines = await fact("ShowDialPlan: lines before Dial()", lambda: guarded_lines(means.client))
    return Discovery(
        extensions=_extensions(endpoints, means),
        trunks=_trunks(endpoints, means),
        routes=_routes(lines, means.dialling),
        addresses=Fact(None, NO_ADDRESSES),
    )


async def fact(source: str, read: Callable[[], Awaitable[T]]) -> Fact[T]:
    """What is read, or why it may not be."""
    try:
        return Fact(await read(), source)
    except (AccessDenied, NotSupported) as error:
        return Fact(None, str(error))


def is_trunk(endpoint: Fields, means: AsteriskMeans) -> bool:
    """Whether an endpoint leads to a carrier: named so in the settings, or nobody has to prove who he is to use it."""
    name = endpoint.get("ObjectName", "")
    if name in means.parties.trunks:
        return True
    return name not in means.parties.extensions and (not endpoint.get("Auths") or bool(endpoint.get("OutboundAuths")))


def _extensions(shown: Fact[list[Fields]], means: AsteriskMeans) -> Fact[tuple[FoundExtension, ...]]:
    if shown.value is None:
        return Fact(None, shown.source)
    names = sorted(one["ObjectName"] for one in shown.value if one.get("ObjectName") and not is_trunk(one, means))
    return Fact(tuple(map(FoundExtension, names)), shown.source)


def _trunks(shown: Fact[list[Fields]], means: AsteriskMeans) -> Fact[tuple[FoundTrunk, ...]]:
    if shown.value is None:
        return Fact(None, shown.source)
    found = (
        FoundTrunk(name=one["ObjectName"], hosts=hosts(one.get("Contacts", "")))
        for one in shown.value if one.get("ObjectName") and is_trunk(one, means)
    )  # fmt: skip
    return Fact(tuple(sorted(found, key=lambda trunk: trunk.name)), shown.source)


def hosts(contacts: str) -> tuple[str, ...]:
    """The hosts of `carrier/sip:198.51.100.20:5060,`."""
    places = (one.partition("/")[2].partition(";")[0].rpartition("@")[2] for one in contacts.split(","))
    bare = (place.removeprefix("sips:").removeprefix("sip:") for place in places)
    named = (host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0] for host in bare)
    return tuple(dict.fromkeys(host for host in named if host))


def _routes(shown: Fact[list[GuardedLine]], dialling: Dialling) -> Fact[tuple[FoundRoute, ...]]:
    if shown.value is None:
        return Fact(None, shown.source)
    named: dict[str, list[GuardedLine]] = {}
    for line in shown.value:
        named.setdefault(line.route, []).append(line)
    return Fact(tuple(_route(name, lines, dialling) for name, lines in named.items()), shown.source)


def _route(name: str, lines: list[GuardedLine], dialling: Dialling) -> FoundRoute:
    patterns = tuple(line.pattern for line in lines)
    return FoundRoute(
        name=name, patterns=patterns, trunks=tuple(dict.fromkeys(line.trunk for line in lines)),
        groups=tuple(dict.fromkeys(line.context for line in lines)),
        emergency=surely_carries_emergency(patterns, dialling),
    )  # fmt: skip


async def firmware(client: AmiClient) -> str | None:
    """Its version."""
    return (await client.ask("CoreSettings")).get("AsteriskVersion")
