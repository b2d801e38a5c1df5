"""Keeps an extension from calling out, whoever uses its account."""

from detector.contract.vocabulary import Act
from streams.asterisk.asterisk_action import Denial, action
from streams.asterisk.channels_up import calls_now
from streams.pbxs.pbx import Order


@action
class DenyExtension(Denial):
    """By the account that calls, forwards or transfers, not by the number it shows."""

    act = Act.RESTRICT_EXTENSION
    kind = "extension"

    async def preview(self, order: Order) -> str:
        """What stays is what people ask first."""
        up = [one for one in await calls_now(self.means) if order.target.id in one.call.extensions]
        return f"new outbound calls of {order.target.id} are refused; its {len(up)} running calls go on"
