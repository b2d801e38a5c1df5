"""What is configured on a P-Series, as far as its API shows it."""

import asyncio

from detector.audit.posture import Fact
from streams.pbxs.dialling import Dialling, surely_carries_emergency
from streams.pbxs.discovery import CallUp, Discovery, FoundExtension, FoundRoute, FoundTrunk
from streams.pbxs.pbx import Present, RegisteredPhone
from streams.yeastar.answers import ActiveCall, ExtensionAnswer, RouteAnswer, TrunkAnswer
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series_action import called, patterns_of
from streams.yeastar.settings_reader import Reader, fact, listed_groups, listed_numbers, listed_trunks

NO_ADDRESSES = "the API does not show the PBX's own addresses"


async def discover(client: YeastarClient, dialling: Dialling) -> Discovery:
    """All of it. Raises `PbxError` if there is no way in at all."""
    read = Reader(client)
    extensions = await fact("extension/list", client.extensions)
    trunks = await fact("trunk/get", read.trunks)
    routes = await fact("outbound_route/get", read.routes)
    return Discovery(
        extensions=_extensions(extensions), trunks=_trunks(trunks), routes=_routes(routes, dialling),
        addresses=Fact(None, NO_ADDRESSES),
    )  # fmt: skip


async def present(client: YeastarClient) -> Present:
    """Whose telephones are registered from where, and what calls are up. Raises `PbxError` if there is no way in."""
    extensions, outbound, inbound = await asyncio.gather(
        fact("extension/list", client.extensions),
        fact("call/query", lambda: client.calls(direction="outbound")),
        fact("call/query", lambda: client.calls(direction="inbound")),
    )
    calls = outbound if outbound.value is None or inbound.value is not None else inbound
    if outbound.value is not None and inbound.value is not None:
        calls = Fact([*outbound.value, *inbound.value], outbound.source)
    return Present(_registered(extensions), _calls(calls))


def _registered(shown: Fact[list[ExtensionAnswer]]) -> Fact[tuple[RegisteredPhone, ...]]:
    if shown.value is None:
        return Fact(None, shown.source)
    phones = (
        RegisteredPhone(one.number, phone.ip)
        for one in shown.value if one.online_status is not None and one.online_status.sip_phone is not None
        for phone in one.online_status.sip_phone.status_list if phone.ip
    )  # fmt: skip
    return Fact(tuple(phones), shown.source)


def _calls(shown: Fact[list[ActiveCall]]) -> Fact[tuple[CallUp, ...]]:
    if shown.value is None:
        return Fact(None, shown.source)
    each = {call.call_id: call for call in shown.value}.values()
    return Fact(tuple(map(_call_up, each)), shown.source)


async def calls_up(client: YeastarClient) -> list[CallUp]:
    """The calls that go through a trunk to the world outside."""
    found = await client.calls(direction="outbound") + await client.calls(direction="inbound")
    return [_call_up(one) for one in found if called(one)]


def _call_up(shown: ActiveCall) -> CallUp:
    extensions = [member.extension for member in shown.members if member.extension]
    trunks = [side for member in shown.members for side in (member.outbound, member.inbound) if side]
    channels = [*(one.channel_id for one in extensions), *(one.channel_id for one in trunks)]
    numbers = tuple(one.number for one in extensions if one.number)
    names = [shown.call_id, *channels, *numbers, *(one.trunk_name for one in trunks)]
    return CallUp(
        id=shown.call_id, extensions=numbers, uses=frozenset(name for name in names if name),
        called=tuple(called(shown)),
    )  # fmt: skip


def _extensions(shown: Fact[list[ExtensionAnswer]]) -> Fact[tuple[FoundExtension, ...]]:
    if shown.value is None:
        return Fact(None, shown.source)
    return Fact(tuple(FoundExtension(one.number, one.caller_id_name or "") for one in shown.value), shown.source)


def _trunks(shown: Fact[list[TrunkAnswer]]) -> Fact[tuple[FoundTrunk, ...]]:
    if shown.value is None:
        return Fact(None, shown.source)
    return Fact(tuple(_trunk(one) for one in shown.value), shown.source)


def _trunk(shown: TrunkAnswer) -> FoundTrunk:
    numbers = (shown.def_outbound_cid,) if shown.def_outbound_cid else ()
    return FoundTrunk(name=shown.name, enabled=shown.enable != 0, hosts=hosts(shown), numbers=numbers)


def _routes(shown: Fact[list[RouteAnswer]], dialling: Dialling) -> Fact[tuple[FoundRoute, ...]]:
    if shown.value is None:
        return Fact(None, shown.source)
    return Fact(tuple(_route(one, dialling) for one in shown.value), shown.source)


def _route(shown: RouteAnswer, dialling: Dialling) -> FoundRoute:
    patterns = patterns_of(shown)
    return FoundRoute(
        name=shown.name, order=shown.pos, patterns=tuple(patterns), trunks=listed_trunks(shown),
        extensions=listed_numbers(shown), groups=listed_groups(shown),
        pin=(shown.pin_protect or "disable") != "disable", emergency=surely_carries_emergency(patterns, dialling),
    )  # fmt: skip


def hosts(trunk: TrunkAnswer) -> tuple[str, ...]:
    """Where the carrier is, by any of the trunk's fields."""
    proxy = trunk.outbound_proxy_server if trunk.enb_outbound_proxy != 0 else None
    return tuple(dict.fromkeys(host for host in (trunk.hostname, trunk.domain, proxy) if host))
