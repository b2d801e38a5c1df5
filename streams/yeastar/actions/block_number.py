"""Blocks a number or prefix on the PBX, in every way it can be dialled there."""

from msgspec import Struct

from detector.contract.vocabulary import Act
from streams.pbxs.pbx import Drifted, Order
from streams.pbxs.pbx_errors import Duplicate, GiveUp, NotFound
from streams.yeastar.actions.hang_up import HangUp
from streams.yeastar.answers import BlockedNumberRule
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series_action import PSeriesAction, action

LONGEST_LIST = 4095


class Rule(Struct, frozen=True):
    """The rule to be made; there was none of its name."""

    name: str
    numbers: tuple[str, ...]


@action
class BlockNumber(PSeriesAction[Rule]):
    """One rule named after the decision, so that it is found again after a crash and never made twice."""

    act = Act.BLOCK_NUMBER
    reads = ("block_numbers/list",)
    before = Rule

    async def prepare(self, order: Order) -> Rule:
        """The rule's name and numbers: exact, and with anything that follows. Who may not read them stops here."""
        forms = self.means.dialling.forms(order.target.id)
        numbers = tuple(number for form in forms for number in (form, f"{form}."))
        if not numbers or len("&".join(numbers)) > LONGEST_LIST:
            raise GiveUp("this number cannot be written as a rule")
        await self.client.block_numbers()
        return Rule(f"ringfence-{order.key}", numbers)

    async def apply(self, order: Order, before: Rule) -> str | None:
        """Make the rule unless it is there."""
        ours = await _ours(self.client, before)
        if not ours:
            try:
                made = await self.client.create_block_number(before.name, before.numbers, "outbound")
                return None if made is None else str(made)
            except Duplicate:
                ours = await _ours(self.client, before)
        return str(ours[0].id) if ours else None

    async def confirmed(self, order: Order, before: Rule, handle: str | None) -> bool:
        """The rule reads back with all its numbers."""
        return any(
            rule.limit_type in {"outbound", "both"} and set(before.numbers) <= set(rule.numbers)
            for rule in await _ours(self.client, before)
        )

    async def undo(self, order: Order, before: Rule, handle: str | None) -> None:
        """Remove the rule, unless somebody made it his own."""
        for rule in await _ours(self.client, before):
            if set(rule.numbers) != set(before.numbers) or rule.limit_type != "outbound":
                raise Drifted(f"the rule {rule.name} was changed: {rule.limit_type}, {len(rule.numbers)} numbers")
            try:
                await self.client.delete_block_number(rule.id)
            except NotFound:
                continue

    async def undone(self, order: Order, before: Rule, handle: str | None) -> bool:
        """No rule of that name is there."""
        return not await _ours(self.client, before)

    async def preview(self, order: Order) -> str:
        """How much is going there now."""
        return (
            f"calls to {order.target.id} are refused; now: {await HangUp(self.means).preview(order)} only by a hang-up"
        )


async def _ours(client: YeastarClient, before: Rule) -> list[BlockedNumberRule]:
    return [rule for rule in await client.block_numbers() if rule.name == before.name]
