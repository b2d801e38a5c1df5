"""Cuts running calls: of an extension, to a destination, or one call."""

from msgspec import Struct

from detector.contract.vocabulary import Act, SubjectKind
from streams.pbxs.dialling import Dialling
from streams.pbxs.pbx import Order
from streams.pbxs.pbx_errors import GiveUp, NotFound
from streams.yeastar.answers import ActiveCall
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series_action import Means, PSeriesAction, action

ROUNDS = 5


class CutCalls(Struct, frozen=True):
    """The ids of the calls that were up."""

    calls: tuple[str, ...]


@action
class HangUp(PSeriesAction[CutCalls]):
    """Hangs up by channel until the PBX shows no such call; emergency calls are never among them."""

    act = Act.HANG_UP
    reads = ("call/query",)
    before = CutCalls

    async def prepare(self, order: Order) -> CutCalls:
        """Which calls are up."""
        return CutCalls(tuple(call.call_id for call in await _running(self.means, order)))

    async def apply(self, order: Order, before: CutCalls) -> None:
        """Cut what is up, and what is dialled anew meanwhile."""
        for _ in range(ROUNDS):
            calls = await _running(self.means, order)
            if not calls:
                return
            for call in calls:
                await _cut(self.client, call)

    async def confirmed(self, order: Order, before: CutCalls, handle: str | None) -> bool:
        """No such call is up."""
        return not await _running(self.means, order)

    async def preview(self, order: Order) -> str:
        """The calls that are up now."""
        calls = await _running(self.means, order)
        shown = ", ".join(to for call in calls[:5] for to in _called(call)[:1])
        return f"{len(calls)} running calls are cut" + (f": {shown}" if shown else "")


async def _running(means: Means, order: Order) -> list[ActiveCall]:
    target = order.target
    if target.kind is SubjectKind.EXTENSION:
        calls = await means.client.calls(extension=target.id)
        found = [call for call in calls if _called(call)]
    elif target.kind is SubjectKind.DESTINATION:
        forms = tuple(means.dialling.forms(target.id))
        calls = await means.client.calls(direction="outbound")
        found = [call for call in calls if any(to.startswith(forms) for to in _called(call))]
    else:
        calls = await means.client.calls(direction="outbound") + await means.client.calls(direction="inbound")
        found = [call for call in calls if target.id in {call.call_id, *_channels(call)}]
    return [call for call in found if not _is_emergency(call, means.dialling)]


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


def _called(call: ActiveCall) -> list[str]:
    """The numbers it has called through a trunk."""
    return [member.outbound.to or "" for member in call.members if member.outbound]


def _is_emergency(call: ActiveCall, dialling: Dialling) -> bool:
    return any(to in dialling.emergency() for to in _called(call))
