"""Keeps an address out by every enforcer there is."""

from msgspec import Struct

from detector.contract.vocabulary import Act
from detector.decide.guard import block_range
from streams.containment.acting import EverywhereAction, everywhere
from streams.containment.enforcers.enforcer import covered
from streams.pbxs.pbx import Order
from streams.pbxs.pbx_errors import GiveUp


class Range(Struct, frozen=True):
    """What is blocked."""

    cidr: str


@everywhere
class BlockIp(EverywhereAction[Range]):
    """In force only when all enforcers say so; an enforcer's list may be lost in a reboot and is written again."""

    act = Act.BLOCK_IP
    before = Range

    async def prepare(self, order: Order) -> Range:
        """The range that is meant."""
        if not self.enforcers:
            raise GiveUp("no enforcer is configured, and the PBX's API cannot block addresses")
        return Range(str(block_range(order.target.id)))

    async def apply(self, order: Order, before: Range) -> None:
        """Block wherever it is not blocked until then; repeating it only moves the end."""
        for enforcer in self.enforcers:
            await enforcer.block(before.cidr, order.until)

    async def confirmed(self, order: Order, before: Range, handle: str | None) -> bool:
        """Every enforcer lists it."""
        return all([covered(before.cidr, await enforcer.blocked()) for enforcer in self.enforcers])

    async def undo(self, order: Order, before: Range, handle: str | None) -> None:
        """Lift it everywhere."""
        for enforcer in self.enforcers:
            await enforcer.lift(before.cidr)

    async def undone(self, order: Order, before: Range, handle: str | None) -> bool:
        """No enforcer lists it itself; a wider block belongs to another decision."""
        return not any([before.cidr in await enforcer.blocked() for enforcer in self.enforcers])

    async def preview(self, order: Order) -> str:
        """How many addresses that is."""
        network = block_range(order.target.id)
        return f"everything from {network} is dropped by {', '.join(e.name for e in self.enforcers) or 'nobody'}"
