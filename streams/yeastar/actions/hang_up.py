"""Cuts running calls: of an extension, to a destination, or one call."""

from msgspec import Struct

from detector.contract.vocabulary import Act, SubjectKind
from streams.pbxs.pbx import Order
from streams.pbxs.pbx_errors import GiveUp, NotFound
from streams.yeastar.answers import ActiveCall
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series_action import Means, PSeriesAction, action, called, may_be_emergency

ROUNDS = 5
SHOWN = 5
HIDDEN = "a number that the PBX does not show"


class CutCalls(Struct, frozen=True):
    """The ids of the calls that were up."""

    calls: tuple[str, ...]


class CallsUp(Struct, frozen=True):
    """The calls an order is about: those to cut, and those that are or may be emergency calls."""

    cut: list[ActiveCall]
    spared: list[ActiveCall]


@action
class HangUp(PSeriesAction[CutCalls]):
    """Hangs up by channel until the PBX shows no such call; what may be an emergency call is never among them."""

    act = Act.HANG_UP
    reads = ("call/query",)
    before = CutCalls

    async def prepare(self, order: Order) -> CutCalls:
        """Which calls are up."""
        return CutCalls(tuple(call.call_id for call in (await _up(self.means, order)).cut))

    async def apply(self, order: Order, before: CutCalls) -> str | None:
        """Cut what is up, and what is dialled anew meanwhile; the handle names what was left up."""
        for _ in range(ROUNDS):
            up = await _up(self.means, order)
            if not up.cut:
                break
            for call in up.cut:
                await _cut(self.client, call)
        return _shown(up.spared) or None

    async def confirmed(self, order: Order, before: CutCalls, handle: str | None) -> bool:
        """No such call is up."""
        return not (await _up(self.means, order)).cut

    async def preview(self, order: Order) -> str:
        """The calls that are up now."""
        up = await _up(self.means, order)
        cut = f"{len(up.cut)} running calls are cut" + (f": {_shown(up.cut)}" if up.cut else "")
        return cut + (f"; {self.remark(_shown(up.spared))}" if up.spared else "")

    def remark(self, handle: str | None) -> str | None:
        """Which calls were left up."""
        return f"left up, as an emergency call or perhaps one: {handle}" if handle else None


async def _up(means: Means, order: Order) -> CallsUp:
    found = await _meant(means, order)
    spared = [call for call in found if may_be_emergency(call, means.dialling)]
    return CallsUp([call for call in found if call not in spared], spared)


async def _meant(means: Means, order: Order) -> list[ActiveCall]:
    target = order.target
    if target.kind is SubjectKind.EXTENSION:
        calls = await means.client.calls(extension=target.id)
        return [call for call in calls if called(call)]
    if target.kind is SubjectKind.DESTINATION:
        forms = tuple(means.dialling.forms(target.id))
        calls = await means.client.calls(direction="outbound")
        return [call for call in calls if any(to.startswith(forms) for to in called(call))]
    calls = await means.client.calls(direction="outbound") + await means.client.calls(direction="inbound")
    return [call for call in calls if target.id in {call.call_id, *_channels(call)}]


async def _cut(client: YeastarClient, call: ActiveCall) -> None:
    channels = _channels(call)
    if not channels:
        raise GiveUp("call/query: the call has no channel to hang up")
    try:
        await client.hang_up(channels[0])
    except NotFound:
        return


def _channels(call: ActiveCall) -> list[str]:
    """Our extension's first, as the PBX wants it; then the trunk's."""
    ours = [member.extension.channel_id for member in call.members if member.extension]
    trunks = [side.channel_id for member in call.members for side in (member.outbound, member.inbound) if side]
    return [channel for channel in ours + trunks if channel]


def _shown(calls: list[ActiveCall]) -> str:
    return ", ".join(to or HIDDEN for call in calls[:SHOWN] for to in called(call)[:1])
