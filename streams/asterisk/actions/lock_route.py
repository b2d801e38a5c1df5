"""Locks an outbound route: by the name that the line before its Dial gives it."""

from detector.contract.vocabulary import Act
from streams.asterisk.asterisk_action import Denial, Entries, action
from streams.asterisk.guarded_lines import guarded_lines
from streams.pbxs.pbx import Order
from streams.pbxs.pbx_errors import GiveUp


@action
class DenyRoute(Denial):
    """A route that no line names cannot be locked: giving up is better than a lock without effect."""

    act = Act.LOCK_ROUTE
    kind = "route"

    async def prepare(self, order: Order) -> Entries:
        """The entry, if the dialplan asks for this route."""
        if order.target.id not in {line.route for line in await guarded_lines(self.client)}:
            raise GiveUp("no line before a Dial() in the dialplan names this route")
        return await super().prepare(order)

    async def preview(self, order: Order) -> str:
        """Who is affected."""
        lines = [line for line in await guarded_lines(self.client) if line.route == order.target.id]
        patterns = ", ".join(line.pattern for line in lines[:5]) or "nothing"
        return f"nobody can call {patterns} over {order.target.id}; running calls go on"
