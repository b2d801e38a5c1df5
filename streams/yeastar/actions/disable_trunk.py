"""Switches a trunk off, the last rung: no call in or out through it (C28)."""

from msgspec import Struct

from detector.contract.vocabulary import Act
from streams.pbxs.dialling import may_carry_emergency
from streams.pbxs.pbx import Order
from streams.pbxs.pbx_errors import GiveUp, NotFound
from streams.yeastar.answers import RouteAnswer, TrunkAnswer
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series_action import Means, PSeriesAction, action, patterns_of


class TrunkLine(Struct, frozen=True):
    """The trunk, and whether it was on (1)."""

    trunk: int
    enable: int


@action
class DisableTrunk(PSeriesAction[TrunkLine]):
    """Emergency calls must have another way: a route that carries them over another trunk that is on."""

    act = Act.DISABLE_TRUNK
    reads = ("trunk/list", "outbound_route/list")
    before = TrunkLine

    async def prepare(self, order: Order) -> TrunkLine:
        """Whether it is on, and that emergency calls do not need it."""
        trunk = await _named(self.client, order.target.id)
        await _other_way(self.means, trunk)
        if trunk.enable is None:
            raise GiveUp("the PBX does not show whether the trunk is on, so it could not be put back")
        return TrunkLine(trunk.id, trunk.enable)

    async def apply(self, order: Order, before: TrunkLine) -> None:
        """Switch it off; the way for emergency calls is looked at again, for it may be gone."""
        trunk = await self.client.trunk(before.trunk)
        if trunk.enable == 0:
            return
        await _other_way(self.means, trunk)
        await self.client.update_trunk(before.trunk, enable=0)

    async def confirmed(self, order: Order, before: TrunkLine, handle: str | None) -> bool:
        """It reads back as off."""
        return (await self.client.trunk(before.trunk)).enable == 0

    async def undo(self, order: Order, before: TrunkLine, handle: str | None) -> None:
        """Switch it on again, if it was."""
        if not await self.undone(order, before, handle):
            await self.client.update_trunk(before.trunk, enable=1)

    async def undone(self, order: Order, before: TrunkLine, handle: str | None) -> bool:
        """It is on, was off before, or is gone."""
        try:
            return before.enable == 0 or (await self.client.trunk(before.trunk)).enable != 0
        except NotFound:
            return True

    async def preview(self, order: Order) -> str:
        """What goes through it now."""
        trunk = await _named(self.client, order.target.id)
        members = [member for call in await self.client.calls(direction="outbound") for member in call.members]
        calls = sum(m.outbound is not None and m.outbound.trunk_name == trunk.name for m in members)
        return f"no call in or out over {trunk.name}; {calls} outbound calls use it now, and may be cut"


async def _named(client: YeastarClient, name: str) -> TrunkAnswer:
    found = [trunk for trunk in await client.trunks() if trunk.name == name]
    if len(found) != 1:
        raise GiveUp(f"there are {len(found)} trunks of this name")
    return await client.trunk(found[0].id)


async def _other_way(means: Means, trunk: TrunkAnswer) -> None:
    """`GiveUp` unless every route for emergency calls that is on has another trunk that is on, and there is one."""
    on = {other.id for other in await means.client.trunks() if other.enable == 1 and other.id != trunk.id}
    routes = [await means.client.outbound_route(route.id) for route in await means.client.outbound_routes()]
    routes = [route for route in routes if _for_emergency(route, means)]
    if not routes:
        raise GiveUp("no route for emergency calls is known")
    stranded = [route.name for route in routes if not on & {_id(item.get("id")) for item in route.trunk_list}]
    if stranded:
        raise GiveUp(f"emergency calls over {stranded[0][:60]} have no other trunk that is on")


def _for_emergency(route: RouteAnswer, means: Means) -> bool:
    return route.name in means.emergency_routes or may_carry_emergency(patterns_of(route), means.dialling)


def _id(value: object) -> int | None:
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else None
