"""Keeps an extension from calling out: by its own switch, or by taking it out of the outbound routes."""

from msgspec import Struct

from detector.contract.vocabulary import Act
from streams.pbxs.dialling import Dialling, may_carry_emergency
from streams.pbxs.pbx import Order
from streams.pbxs.pbx_errors import GiveUp, NotFound
from streams.yeastar.answers import ExtensionAnswer, Item, RouteAnswer
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series_action import Means, PSeriesAction, action, patterns_of

SWITCH = "switch"
ROUTES = "routes"


class RoutePlace(Struct, frozen=True):
    """Where the extension stood in a route: its entry and the whole list."""

    route: int
    entries: tuple[Item, ...]
    ext_list: tuple[Item, ...]


class Freedom(Struct, frozen=True):
    """What the extension was allowed; `switch` is None where the firmware does not show it."""

    extension: int
    switch: int | None
    places: tuple[RoutePlace, ...]


@action
class RestrictExtension(PSeriesAction[Freedom]):
    """Sets `disable_outb_call`; a firmware that does not echo it gets the extension out of its routes instead.

    Internal, inbound and emergency calls stay: routes that carry emergency numbers keep the extension. A
    group in a route cannot be thinned out, so there this gives up before touching anything.
    """

    act = Act.RESTRICT_EXTENSION
    reads = ("extension/list", "outbound_route/list")
    before = Freedom

    async def prepare(self, order: Order) -> Freedom:
        """The switch, and where the routes hold the extension."""
        extension = await self.client.extension(order.target.id)
        places = []
        for route in await _routes(self.means):
            entries = tuple(entry for entry in route.ext_list if _is(entry, extension))
            if entries:
                places.append(RoutePlace(route.id, entries, tuple(route.ext_list)))
        return Freedom(extension.id, extension.disable_outb_call, tuple(places))

    async def apply(self, order: Order, before: Freedom) -> str:
        """The switch if it works, else the routes; the handle says which."""
        if await _switched_off(self.client, order):
            return SWITCH
        await self.client.update_extension(before.extension, disable_outb_call=1)
        if await _switched_off(self.client, order):
            return SWITCH
        await self._leave_routes(order)
        return ROUTES

    async def confirmed(self, order: Order, before: Freedom, handle: str | None) -> bool:
        """The switch reads back, or no route lists the extension."""
        if await _switched_off(self.client, order):
            return True
        extension = await self.client.extension(order.target.id)
        routes = await _routes(self.means)
        shut = not any(_is(entry, extension) for route in routes for entry in route.ext_list)
        # Without a handle nothing was written yet: an extension in no route may still be in a group.
        return handle == ROUTES and shut

    async def undo(self, order: Order, before: Freedom, handle: str | None) -> None:
        """Put the switch back if it was ours, and our entries into lists that lack them."""
        try:
            extension = await self.client.extension(order.target.id)
        except NotFound:
            return
        if before.switch != 1 and extension.disable_outb_call == 1:
            await self.client.update_extension(extension.id, disable_outb_call=0)
        if handle == SWITCH:
            return
        for place in before.places:
            await _rejoin(self.client, place)

    async def undone(self, order: Order, before: Freedom, handle: str | None) -> bool:
        """The switch and the lists read as before."""
        try:
            extension = await self.client.extension(order.target.id)
        except NotFound:
            return True
        if before.switch != 1 and extension.disable_outb_call == 1:
            return False
        for place in before.places:
            route = await _route(self.client, place.route)
            if route is not None and not any(_is(entry, extension) for entry in route.ext_list):
                return False
        return True

    async def preview(self, order: Order) -> str:
        """What stays is what people ask first."""
        calls = await self.client.calls(extension=order.target.id)
        return f"new outbound calls of {order.target.id} are refused; its {len(calls)} running calls go on"

    async def _leave_routes(self, order: Order) -> None:
        extension = await self.client.extension(order.target.id)
        for route in await _complete(self.client):
            if _stays_open(route, extension, self.means.dialling):
                raise GiveUp(f"this PBX ignores the switch, and {route.name[:60]} also carries emergency calls")
        routes = await _routes(self.means)
        groups = [route.name for route in routes for entry in route.ext_list if entry.get("type") not in PLAIN]
        if groups:
            raise GiveUp(f"this PBX ignores the switch, and {groups[0][:60]} is open to a group, not to extensions")
        for route in routes:
            kept = [entry for entry in route.ext_list if not _is(entry, extension)]
            if len(kept) < len(route.ext_list):
                await self.client.update_outbound_route(route.id, {"ext_list": kept})


PLAIN = frozenset({"extension", None, ""})


async def _switched_off(client: YeastarClient, order: Order) -> bool:
    return (await client.extension(order.target.id)).disable_outb_call == 1


async def _complete(client: YeastarClient) -> list[RouteAnswer]:
    return [await client.outbound_route(route.id) for route in await client.outbound_routes()]


async def _routes(means: Means) -> list[RouteAnswer]:
    """Routes that carry no emergency number."""
    every = await _complete(means.client)
    return [route for route in every if not may_carry_emergency(patterns_of(route), means.dialling)]


def _stays_open(route: RouteAnswer, extension: ExtensionAnswer, dialling: Dialling) -> bool:
    """Whether the extension could call anybody through a route it must keep for emergency calls."""
    patterns = [str(item.get("pattern")) for item in route.dial_pattern_list]
    used = any(_is(entry, extension) or entry.get("type") not in PLAIN for entry in route.ext_list)
    return (
        used
        and may_carry_emergency(patterns_of(route), dialling)
        and any(pattern not in dialling.emergency.ways for pattern in patterns)
    )


async def _route(client: YeastarClient, id_: int) -> RouteAnswer | None:
    try:
        return await client.outbound_route(id_)
    except NotFound:
        return None


async def _rejoin(client: YeastarClient, place: RoutePlace) -> None:
    route = await _route(client, place.route)
    missing = [entry for entry in place.entries if route is not None and entry not in route.ext_list]
    if route is None or not missing:
        return
    without = [entry for entry in place.ext_list if entry not in place.entries]
    # Exactly the old list if nobody touched it since; otherwise his list and our entries.
    restored = list(place.ext_list) if route.ext_list == without else [*route.ext_list, *missing]
    await client.update_outbound_route(place.route, {"ext_list": restored})


def _is(entry: Item, extension: ExtensionAnswer) -> bool:
    if entry.get("type") not in PLAIN:
        return False
    return str(entry.get("id")) == str(extension.id) or entry.get("ext_number") == extension.number
