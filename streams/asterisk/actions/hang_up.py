"""Cuts running calls: of an extension, to a destination, or one call."""

from collections.abc import Sequence

from detector.contract.vocabulary import SubjectKind
from streams.asterisk.asterisk_action import AsteriskAction, action
from streams.asterisk.channels_up import ChannelsUp, calls_now
from streams.pbxs.call_cutter import CallCutter, CutCalls
from streams.pbxs.dialling import Dialling
from streams.pbxs.pbx import Order

REJECTED = 21
"""The cause that its record of the call shows."""


@action
class CutChannels(CallCutter[ChannelsUp], AsteriskAction[CutCalls]):
    """By the channel of who calls, never by a pattern of names: what may be an emergency call is left up."""

    @property
    def dialling(self) -> Dialling:
        """As its settings say."""
        return self.means.dialling

    async def meant(self, order: Order) -> list[ChannelsUp]:
        """Of all that are up."""
        return [one for one in await calls_now(self.means) if self._is_meant(one, order)]

    def name(self, call: ChannelsUp) -> str:
        """Its linked id."""
        return call.call.id

    def called(self, call: ChannelsUp) -> Sequence[str]:
        """By its legs to the world."""
        return call.call.called

    async def cut(self, call: ChannelsUp) -> None:
        """The first channel ends the call."""
        for channel in call.channels[:1]:
            await self.client.change("Hangup", Channel=channel, Cause=REJECTED)

    def _is_meant(self, one: ChannelsUp, order: Order) -> bool:
        target = order.target
        if target.kind is SubjectKind.EXTENSION:
            return bool(one.call.called) and target.id in one.call.extensions
        if target.kind is SubjectKind.DESTINATION:
            forms = tuple(self.means.dialling.forms(target.id))
            return any(number.startswith(forms) for number in one.call.called)
        return target.id == one.call.id or target.id in one.channels
