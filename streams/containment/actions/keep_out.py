"""Keeps an address out by every enforcer there is, and by the PBX itself where that can."""

import structlog
from msgspec import Struct

from detector.contract.vocabulary import Act
from detector.decide.guard import block_range
from streams.containment.acting import EverywhereAction, everywhere
from streams.containment.enforcers.enforcer import covered
from streams.pbxs.pbx import AnyAction, Drifted, Order, PbxAction
from streams.pbxs.pbx_errors import GiveUp, PbxError

SEPARATOR = ","
OWN = "pbx"
"""Stands among the names of enforcers where the PBX itself was asked."""

log = structlog.get_logger(__name__)


class Range(Struct, frozen=True):
    """What is blocked."""

    cidr: str


@everywhere
class BlockIp(EverywhereAction[Range]):
    """In force only when all enforcers say so; an enforcer's list may be lost in a reboot and is written again.

    Where an enforcer loses nothing, what is missing there was let in by people, and that stays.
    """

    act = Act.BLOCK_IP
    before = Range

    async def prepare(self, order: Order) -> Range:
        """The range that is meant."""
        if not self.enforcers:
            raise GiveUp("no enforcer is configured, and the PBX's API cannot block addresses")
        return self.range_of(order)

    def range_of(self, order: Order) -> Range:
        """What is to be kept out."""
        return Range(str(block_range(order.target.id)))

    def beside(self, own: AnyAction) -> AnyAction:
        """By the PBX, too."""
        return BlockHere(own, self)

    async def apply(self, order: Order, before: Range) -> str:
        """Block wherever it is not blocked until then; repeating it only moves the end. Who was asked is remembered.

        Once it was done everywhere, `Drifted` where people have let it in again since.
        """
        await self._leave_to_people(before, names_in(order.handle))
        for enforcer in self.enforcers:
            await enforcer.block(before.cidr, order.until)
        return SEPARATOR.join(sorted(names_in(order.handle) | {enforcer.name for enforcer in self.enforcers}))

    async def _leave_to_people(self, before: Range, told: set[str]) -> None:
        for enforcer in self.enforcers:
            asked = enforcer.lasting and enforcer.name in told
            if asked and not covered(before.cidr, await enforcer.blocked()):
                raise Drifted(f"{before.cidr} was let in again at {enforcer.name}, not by us: it stays so there")

    async def confirmed(self, order: Order, before: Range, handle: str | None) -> bool:
        """Every enforcer lists it, and there is one."""
        return bool(self.enforcers) and all(
            [covered(before.cidr, await enforcer.blocked()) for enforcer in self.enforcers]
        )

    async def undo(self, order: Order, before: Range, handle: str | None) -> None:
        """Lift it everywhere, unless who holds it is not in the settings any more: a person has to look there."""
        for enforcer in self.enforcers:
            await enforcer.lift(before.cidr)
        missing = names_in(handle) - {OWN} - {enforcer.name for enforcer in self.enforcers}
        if missing:
            raise GiveUp(
                f"{' and '.join(sorted(missing))} may still keep {before.cidr} out, and is not among the enforcers in "
                "the settings any more: name it there again and undo this, or lift it by hand"
            )

    async def undone(self, order: Order, before: Range, handle: str | None) -> bool:
        """No enforcer lists it itself; a wider block belongs to another decision."""
        return not any([before.cidr in await enforcer.held() for enforcer in self.enforcers])

    async def awaited(self, order: Order, before: Range, *, gone: bool = False) -> str | None:
        """Who has to fetch the list; None where an enforcer that we tell ourselves is not as it should be."""
        whose = []
        for enforcer in self.enforcers:
            as_wanted = (
                before.cidr not in await enforcer.held() if gone else covered(before.cidr, await enforcer.blocked())
            )
            if not as_wanted:
                whose.append(await enforcer.awaited())
        return "; ".join(who for who in whose if who) if whose and all(whose) else None

    async def preview(self, order: Order) -> str:
        """How many addresses that is."""
        network = block_range(order.target.id)
        return f"everything from {network} is dropped by {', '.join(e.name for e in self.enforcers) or 'nobody'}"


class BlockHere(PbxAction[Range]):
    """`own` is the PBX's, and goes by the order alone; the handle names it where it was asked.

    A PBX that cannot, or is away, takes nothing from what enforcers do.
    """

    act = Act.BLOCK_IP
    before = Range

    def __init__(self, own: AnyAction, others: BlockIp) -> None:
        self._own = own
        self._others = others

    async def prepare(self, order: Order) -> Range:
        """The range that is meant, where somebody can keep it out."""
        if self._others.enforcers:
            return await self._others.prepare(order)
        await self._own.prepare(order)
        return self._others.range_of(order)

    async def apply(self, order: Order, before: Range) -> str:
        """Enforcers first, for those keep out more."""
        told = names_in(order.handle)
        if self._others.enforcers:
            told |= names_in(await self._others.apply(order, before))
        try:
            await self._own.prepare(order)
            await self._own.apply(order, before)
            told.add(OWN)
        except PbxError as error:
            if not self._others.enforcers:
                raise
            log.info("not blocked by the PBX itself", why=str(error))
        return SEPARATOR.join(sorted(told))

    async def confirmed(self, order: Order, before: Range, handle: str | None) -> bool:
        """Whoever was asked says so."""
        by_own = OWN in names_in(handle)
        if by_own and not await self._own.confirmed(order, before, None):
            return False
        return await self._others.confirmed(order, before, handle) if self._others.enforcers else by_own

    async def undo(self, order: Order, before: Range, handle: str | None) -> None:
        """Lift it wherever it may be."""
        if OWN in names_in(handle):
            await self._own.undo(order, before, None)
        await self._others.undo(order, before, handle)

    async def undone(self, order: Order, before: Range, handle: str | None) -> bool:
        """Nobody holds it any more."""
        if OWN in names_in(handle) and not await self._own.undone(order, before, None):
            return False
        return await self._others.undone(order, before, handle)

    async def awaited(self, order: Order, before: Range, *, gone: bool = False) -> str | None:
        """As of the enforcers."""
        return await self._others.awaited(order, before, gone=gone) if self._others.enforcers else None

    async def preview(self, order: Order) -> str:
        """What each of them would do."""
        said = [await self._others.preview(order)] if self._others.enforcers else []
        try:
            await self._own.prepare(order)
            said.append(await self._own.preview(order))
        except GiveUp as error:
            said = said or [str(error)]
        return "; ".join(said)


def names_in(handle: str | None) -> set[str]:
    """The enforcers that were ever told of a block."""
    return set(handle.split(SEPARATOR)) if handle else set()
