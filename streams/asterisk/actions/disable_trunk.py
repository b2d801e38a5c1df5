"""Keeps new calls from leaving over a trunk, the last rung; calls still come in (C28)."""

from detector.contract.vocabulary import Act
from streams.asterisk.asterisk_action import Denial, Entries, action
from streams.asterisk.channels_up import calls_now
from streams.asterisk.guarded_lines import guarded_lines
from streams.pbxs.pbx import Order
from streams.pbxs.pbx_errors import GiveUp


@action
class DenyTrunk(Denial):
    """Emergency calls still leave over it: an Asterisk has no switch that would spare them otherwise."""

    act = Act.DISABLE_TRUNK
    kind = "trunk"

    async def prepare(self, order: Order) -> Entries:
        """The entry, if the dialplan asks for this trunk."""
        if order.target.id not in {line.trunk for line in await guarded_lines(self.client)}:
            raise GiveUp("no line before a Dial() in the dialplan names this trunk")
        return await super().prepare(order)

    async def preview(self, order: Order) -> str:
        """What goes through it now."""
        up = [one for one in await calls_now(self.means) if order.target.id in one.call.uses and one.call.called]
        return f"no call out over {order.target.id}, but for emergency calls; {len(up)} outbound calls use it now"

    def remark(self, handle: str | None) -> str:
        """Not all that the act is called."""
        return "calls still come in over it, and emergency calls leave"
