"""Cuts running calls: of an extension, to a destination, or one call."""

from msgspec import Struct

from detector.contract.vocabulary import Act, SubjectKind
from streams.asterisk.asterisk_action import AsteriskAction, action
from streams.asterisk.channels_up import ChannelsUp, calls_now
from streams.pbxs.pbx import Order
from streams.pbxs.pbx_errors import NotFound

ROUNDS = 5
SHOWN = 5
REJECTED = 21
"""The cause that its record of the call shows."""
HIDDEN = "a number that the PBX does not show"


class CutLinks(Struct, frozen=True):
    """The ids of the calls that were up."""

    calls: tuple[str, ...]


class Meant(Struct, frozen=True):
    """The calls an order is about: those to cut, and those that are or may be emergency calls."""

    cut: list[ChannelsUp]
    spared: list[ChannelsUp]


@action
class CutChannels(AsteriskAction[CutLinks]):
    """Hangs up call by call, never by a pattern of names: what may be an emergency call is left up."""

    act = Act.HANG_UP
    before = CutLinks

    async def prepare(self, order: Order) -> CutLinks:
        """Which calls are up."""
        return CutLinks(tuple(one.call.id for one in (await self._up(order)).cut))

    async def apply(self, order: Order, before: CutLinks) -> str | None:
        """Cut what is up, and what is dialled anew meanwhile; the handle names what was left up."""
        for _ in range(ROUNDS):
            up = await self._up(order)
            if not up.cut:
                break
            for one in up.cut:
                await self._cut(one)
        return _shown(up.spared) or None

    async def confirmed(self, order: Order, before: CutLinks, handle: str | None) -> bool:
        """No such call is up."""
        return not (await self._up(order)).cut

    async def preview(self, order: Order) -> str:
        """The calls that are up now."""
        up = await self._up(order)
        cut = f"{len(up.cut)} running calls are cut" + (f": {_shown(up.cut)}" if up.cut else "")
        return cut + (f"; {self.remark(_shown(up.spared))}" if up.spared else "")

    def remark(self, handle: str | None) -> str | None:
        """Which calls were left up."""
        return f"left up, as an emergency call or perhaps one: {handle}" if handle else None

    async def _up(self, order: Order) -> Meant:
        found = [one for one in await calls_now(self.means) if self._is_meant(one, order)]
        may_be = self.means.dialling.emergency.may_be
        spared = [one for one in found if any(may_be(number) for number in one.call.called)]
        return Meant([one for one in found if one not in spared], spared)

    def _is_meant(self, one: ChannelsUp, order: Order) -> bool:
        target = order.target
        if target.kind is SubjectKind.EXTENSION:
            return bool(one.call.called) and target.id in one.call.extensions
        if target.kind is SubjectKind.DESTINATION:
            forms = tuple(self.means.dialling.forms(target.id))
            return any(number.startswith(forms) for number in one.call.called)
        return target.id == one.call.id or target.id in one.channels

    async def _cut(self, one: ChannelsUp) -> None:
        for channel in one.channels[:1]:
            try:
                await self.client.change("Hangup", Channel=channel, Cause=REJECTED)
            except NotFound:
                continue


def _shown(calls: list[ChannelsUp]) -> str:
    return ", ".join(number or HIDDEN for one in calls[:SHOWN] for number in one.call.called[:1])
