"""Cuts running calls of whatever make of PBX, and leaves up what may be an emergency call."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from detector.contract.vocabulary import Act
from streams.pbxs.dialling import Dialling
from streams.pbxs.pbx import Order, PbxAction
from streams.pbxs.pbx_errors import NotFound

ROUNDS = 5
SHOWN = 5
HIDDEN = "a number that the PBX does not show"
C = TypeVar("C")


class CutCalls(Struct, frozen=True):
    """The ids of the calls that were up."""

    calls: tuple[str, ...]


class CallCutter(PbxAction[CutCalls], Generic[C]):
    """Hangs up call by call until the PBX shows no such call; C is a call as that make of PBX shows it."""

    act = Act.HANG_UP
    before = CutCalls

    @property
    @abstractmethod
    def dialling(self) -> Dialling:
        """How that PBX dials, in an emergency as well."""

    @abstractmethod
    async def meant(self, order: Order) -> list[C]:
        """The calls that are up and an order is about, emergency calls among them."""

    @abstractmethod
    def name(self, call: C) -> str:
        """The id of a call."""

    @abstractmethod
    def called(self, call: C) -> Sequence[str]:
        """The numbers that a call has called outside, as dialled; an empty one where the PBX shows none."""

    @abstractmethod
    async def cut(self, call: C) -> None:
        """Hang up one call. Raises `NotFound` where it is over."""

    async def prepare(self, order: Order) -> CutCalls:
        """Which calls are up."""
        cut, _ = await self._up(order)
        return CutCalls(tuple(map(self.name, cut)))

    async def apply(self, order: Order, before: CutCalls) -> str | None:
        """Cut what is up, and what is dialled anew meanwhile; the handle names what was left up."""
        for _ in range(ROUNDS):
            cut, spared = await self._up(order)
            if not cut:
                break
            for call in cut:
                try:
                    await self.cut(call)
                except NotFound:
                    continue
        return self._shown(spared) or None

    async def confirmed(self, order: Order, before: CutCalls, handle: str | None) -> bool:
        """No such call is up."""
        cut, _ = await self._up(order)
        return not cut

    async def preview(self, order: Order) -> str:
        """The calls that are up now."""
        cut, spared = await self._up(order)
        said = f"{len(cut)} running calls are cut" + (f": {self._shown(cut)}" if cut else "")
        return said + (f"; {self.remark(self._shown(spared))}" if spared else "")

    def remark(self, handle: str | None) -> str | None:
        """Which calls were left up."""
        return f"left up, as an emergency call or perhaps one: {handle}" if handle else None

    async def _up(self, order: Order) -> tuple[list[C], list[C]]:
        """What is to be cut, and what is or may be an emergency call."""
        cut: list[C] = []
        spared: list[C] = []
        for call in await self.meant(order):
            may_be = any(self.dialling.emergency.may_be(number) for number in self.called(call))
            (spared if may_be else cut).append(call)
        return cut, spared

    def _shown(self, calls: Sequence[C]) -> str:
        return ", ".join(number or HIDDEN for call in calls[:SHOWN] for number in self.called(call)[:1])
