"""Switches a trunk off, the last rung: no call in or out through it (C28)."""

from msgspec import Struct

from detector.contract.vocabulary import Act
from streams.pbxs.dialling import carries_emergency
from streams.pbxs.pbx import Means, Order, PbxAction, action
from streams.pbxs.pbx_errors import GiveUp, NotFound
from streams.yeastar.answers import RouteAnswer, TrunkAnswer


class TrunkLine(Struct, frozen=True):
    """The trunk, and whether it was on (1)."""

    trunk: int
    enable: int


@action
class DisableTrunk(PbxAction[TrunkLine]):
    """Emergency calls must have another way: a route that carries them over another trunk that is on."""

    act = Act.DISABLE_TRUNK
    before = TrunkLine

    async def prepare(self, site: Means, order: Order) -> TrunkLine:
        """Whether it is on, and that emergency calls do not need it."""
        trunk = await _named(site, order.target.id)
        await _other_way(site, trunk)
        if trunk.enable is None:
            raise GiveUp("the PBX does not show whether the trunk is on, so it could not be put back")
        return TrunkLine(trunk.id, trunk.enable)

    async def apply(self, site: Means, order: Order, before: TrunkLine) -> None:
        """Switch it off; the way for emergency calls is looked at again, for it may be gone."""
        trunk = await site.pbx.trunk(before.trunk)
        if trunk.enable == 0:
            return
        await _other_way(site, trunk)
        await site.pbx.update_trunk(before.trunk, enable=0)

    async def confirmed(self, site: Means, order: Order, before: TrunkLine, handle: str | None) -> bool:
        """It reads back as off."""
        return (await site.pbx.trunk(before.trunk)).enable == 0

    async def undo(self, site: Means, order: Order, before: TrunkLine, handle: str | None) -> None:
        """Switch it on again, if it was."""
        if not await self.undone(site, order, before, handle):
            await site.pbx.update_trunk(before.trunk, enable=1)

    async def undone(self, site: Means, order: Order, before: TrunkLine, handle: str | None) -> bool:
        """It reads as before, or is gone."""
        try:
            return (await site.pbx.trunk(before.trunk)).enable == before.enable
        except NotFound:
            return True

    async def preview(self, site: Means, order: Order) -> str:
        """What goes through it now."""
        trunk = await _named(site, order.target.id)
        members = [member for call in await site.pbx.calls(direction="outbound") for member in call.members]
        calls = sum(m.outbound is not None and m.outbound.trunk_name == trunk.name for m in members)
        return f"no call in or out over {trunk.name}; {calls} outbound calls use it now, and may be cut"


async def _named(site: Means, name: str) -> TrunkAnswer:
    found = [trunk for trunk in await site.pbx.trunks() if trunk.name == name]
    if len(found) != 1:
        raise GiveUp(f"there are {len(found)} trunks of this name")
    return await site.pbx.trunk(found[0].id)


async def _other_way(site: Means, trunk: TrunkAnswer) -> None:
    """`GiveUp` unless every route for emergency calls that is on has another trunk that is on, and there is one."""
    on = {other.id for other in await site.pbx.trunks() if other.enable == 1 and other.id != trunk.id}
    routes = [await site.pbx.outbound_route(route.id) for route in await site.pbx.outbound_routes()]
    routes = [route for route in routes if _for_emergency(route, site)]
    if not routes:
        raise GiveUp("no route for emergency calls is known")
    stranded = [route.name for route in routes if not on & {_id(item.get("id")) for item in route.trunk_list}]
    if stranded:
        raise GiveUp(f"emergency calls over {stranded[0][:60]} have no other trunk that is on")


def _for_emergency(route: RouteAnswer, site: Means) -> bool:
    return route.name in site.emergency_routes or carries_emergency(route.dial_pattern_list, site.dialling)


def _id(value: object) -> int | None:
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else None
