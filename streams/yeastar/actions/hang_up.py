"""Cuts running calls: of an extension, to a destination, or one call."""

from collections.abc import Sequence

from detector.contract.vocabulary import SubjectKind
from streams.pbxs.call_cutter import CallCutter, CutCalls
from streams.pbxs.dialling import Dialling
from streams.pbxs.pbx import Order
from streams.pbxs.pbx_errors import GiveUp
from streams.yeastar.answers import ActiveCall
from streams.yeastar.p_series_action import PSeriesAction, action, called


@action
class HangUp(CallCutter[ActiveCall], PSeriesAction[CutCalls]):
    """Hangs up by channel until the PBX shows no such call; what may be an emergency call is never among them."""

    reads = ("call/query",)

    @property
    def dialling(self) -> Dialling:
        """As its settings say."""
        return self.means.dialling

    async def meant(self, order: Order) -> list[ActiveCall]:
        """As its API lists them."""
        target, client = order.target, self.client
        if target.kind is SubjectKind.EXTENSION:
            return [call for call in await client.calls(extension=target.id) if called(call)]
        if target.kind is SubjectKind.DESTINATION:
            forms = tuple(self.dialling.forms(target.id))
            calls = await client.calls(direction="outbound")
            return [call for call in calls if any(to.startswith(forms) for to in called(call))]
        calls = await client.calls(direction="outbound") + await client.calls(direction="inbound")
        return [call for call in calls if target.id in {call.call_id, *_channels(call)}]

    def name(self, call: ActiveCall) -> str:
        """Its id."""
        return call.call_id

    def called(self, call: ActiveCall) -> Sequence[str]:
        """Through a trunk."""
        return called(call)

    async def cut(self, call: ActiveCall) -> None:
        """By its first channel."""
        channels = _channels(call)
        if not channels:
            raise GiveUp("call/query: the call has no channel to hang up")
        await self.client.hang_up(channels[0])


def _channels(call: ActiveCall) -> list[str]:
    """Our extension's first, as the PBX wants it; then the trunk's."""
    ours = [member.extension.channel_id for member in call.members if member.extension]
    trunks = [side.channel_id for member in call.members for side in (member.outbound, member.inbound) if side]
    return [channel for channel in ours + trunks if channel]
