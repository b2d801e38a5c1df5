"""Blocks a number or prefix, in every way it can be dialled."""

from detector.contract.vocabulary import Act
from streams.asterisk.actions.hang_up import CutChannels
from streams.asterisk.astdb import sound_name
from streams.asterisk.asterisk_action import Denial, action
from streams.pbxs.pbx import Order
from streams.pbxs.pbx_errors import GiveUp


@action
class DenyNumber(Denial):
    """Each way of dialling it is an entry, and stops whatever begins so."""

    act = Act.BLOCK_NUMBER
    kind = "number"

    def names(self, order: Order) -> tuple[str, ...]:
        """All ways to begin dialling it."""
        forms = self.means.dialling.forms(order.target.id)
        if not forms:
            raise GiveUp("this number cannot be blocked without an emergency number")
        return tuple(map(sound_name, forms))

    async def preview(self, order: Order) -> str:
        """How much is going there now."""
        cut = await CutChannels(self.means).preview(order)
        return f"calls to {order.target.id} are refused; now: {cut} only by a hang-up"
