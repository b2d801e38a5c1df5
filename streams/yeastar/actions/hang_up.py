"""Cuts running calls: of an extension, to a destination, or one call."""

from msgspec import Struct

from detector.contract.vocabulary import Act, SubjectKind
from streams.pbxs.dialling import Dialling
from streams.pbxs.pbx import Means, Order, PbxAction, action
from streams.pbxs.pbx_errors import GiveUp, NotFound
from streams.yeastar.answers import ActiveCall

ROUNDS = 5


class CutCalls(Struct, frozen=True):
    """The ids of the calls that were up."""

    calls: tuple[str, ...]


@action
class HangUp(PbxAction[CutCalls]):
    """Hangs up by channel until the PBX shows no such call; emergency calls are never among them."""

    act = Act.HANG_UP
    before = CutCalls

    async def prepare(self, site: Means, order: Order) -> CutCalls:
        """Which calls are up."""
        return CutCalls(tuple(call.call_id for call in await _running(site, order)))

    async def apply(self, site: Means, order: Order, before: CutCalls) -> None:
        """Cut what is up, and what is dialled anew meanwhile."""
        for _ in range(ROUNDS):
            calls = await _running(site, order)
            if not calls:
                return
            for call in calls:
                await _cut(site, call)

    async def confirmed(self, site: Means, order: Order, before: CutCalls, handle: str | None) -> bool:
        """No such call is up."""
        return not await _running(site, order)

    async def preview(self, site: Means, order: Order) -> str:
        """The calls that are up now."""
        calls = await _running(site, order)
        shown = ", ".join(to for call in calls[:5] for to in _called(call)[:1])
        return f"{len(calls)} running calls are cut" + (f": {shown}" if shown else "")


async def _running(site: Means, order: Order) -> list[ActiveCall]:
    target = order.target
    if target.kind is SubjectKind.EXTENSION:
        calls = await site.pbx.calls(extension=target.id)
        found = [call for call in calls if _called(call)]
    elif target.kind is SubjectKind.DESTINATION:
        forms = tuple(site.dialling.forms(target.id))
        calls = await site.pbx.calls(direction="outbound")
        found = [call for call in calls if any(to.startswith(forms) for to in _called(call))]
    else:
        calls = await site.pbx.calls(direction="outbound") + await site.pbx.calls(direction="inbound")
        found = [call for call in calls if target.id in {call.call_id, *_channels(call)}]
    return [call for call in found if not _is_emergency(call, site.dialling)]


async def _cut(site: Means, call: ActiveCall) -> None:
    channels = _channels(call)
    if not channels:
        raise GiveUp("call/query: the call has no channel to hang up")
    try:
        await site.pbx.hang_up(channels[0])
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
