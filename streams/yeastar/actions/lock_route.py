"""Locks an outbound route with a secret PIN."""

from secrets import choice

from msgspec import Struct

from detector.contract.vocabulary import Act
from streams.pbxs.dialling import may_carry_emergency
from streams.pbxs.pbx import Drifted, Order
from streams.pbxs.pbx_errors import GiveUp, NotFound
from streams.yeastar.answers import RouteAnswer
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series_action import PSeriesAction, action, patterns_of

PIN_DIGITS = 12


class Lock(Struct, frozen=True):
    """How the route was protected, and the PIN that locks it; stored sealed only."""

    route: int
    pin_protect: str
    pin: str | None
    pin_list: int | None
    secret: str

    def __repr__(self) -> str:
        """Without the PINs."""
        return f"Lock(route={self.route}, pin_protect={self.pin_protect!r})"


@action
class LockRoute(PSeriesAction[Lock]):
    """Nobody knows the PIN, so nobody calls through this route; emergency numbers must not need it."""

    act = Act.LOCK_ROUTE
    reads = ("outbound_route/list",)
    before = Lock

    async def prepare(self, order: Order) -> Lock:
        """How the route is protected now, if that can be put back."""
        route = await _named(self.client, order.target.id)
        if may_carry_emergency(patterns_of(route), self.means.dialling):
            raise GiveUp("this route carries emergency numbers")
        protection = route.pin_protect or "disable"
        if protection == "single_pin" and not (route.pin or "").isdigit():
            raise GiveUp("the PBX does not show the route's PIN, so it could not be put back")
        secret = "".join(choice("0123456789") for _ in range(PIN_DIGITS))
        return Lock(route.id, protection, route.pin, route.pin_list, secret)

    async def apply(self, order: Order, before: Lock) -> None:
        """Set the secret PIN, unless somebody changed the route since `prepare`."""
        route = await self.client.outbound_route(before.route)
        if _locked(route, before):
            return
        if not _restored(route, before):
            raise GiveUp("the route's protection was changed meanwhile")
        await self.client.update_outbound_route(before.route, {"pin_protect": "single_pin", "pin": before.secret})

    async def confirmed(self, order: Order, before: Lock, handle: str | None) -> bool:
        """Our PIN reads back."""
        return _locked(await self.client.outbound_route(before.route), before)

    async def undo(self, order: Order, before: Lock, handle: str | None) -> None:
        """Put the old protection back, if ours is still there."""
        try:
            route = await self.client.outbound_route(before.route)
        except NotFound:
            return
        if _restored(route, before):
            return
        if not _locked(route, before):
            raise Drifted(
                f"the route's protection is {route.pin_protect} now, not our PIN; it was {before.pin_protect}"
            )
        fields: dict[str, object] = {"pin_protect": before.pin_protect, "pin": before.pin or ""}
        if before.pin_list is not None:
            fields["pin_list"] = before.pin_list
        await self.client.update_outbound_route(before.route, fields)

    async def undone(self, order: Order, before: Lock, handle: str | None) -> bool:
        """The old protection reads back, or the route is gone."""
        try:
            return _restored(await self.client.outbound_route(before.route), before)
        except NotFound:
            return True

    async def preview(self, order: Order) -> str:
        """Who is affected."""
        route = await _named(self.client, order.target.id)
        patterns = ", ".join(str(item.get("pattern")) for item in route.dial_pattern_list[:5])
        return f"nobody ({len(route.ext_list)} extensions and groups) can call {patterns}; running calls go on"


async def _named(client: YeastarClient, name: str) -> RouteAnswer:
    found = [route for route in await client.outbound_routes() if route.name == name]
    if len(found) != 1:
        raise GiveUp(f"there are {len(found)} routes of this name")
    return await client.outbound_route(found[0].id)


def _locked(route: RouteAnswer, before: Lock) -> bool:
    return route.pin_protect == "single_pin" and route.pin == before.secret


def _restored(route: RouteAnswer, before: Lock) -> bool:
    if (route.pin_protect or "disable") != before.pin_protect:
        return False
    if before.pin_protect == "single_pin":
        return route.pin == before.pin
    return before.pin_protect != "pin_list" or route.pin_list == before.pin_list
