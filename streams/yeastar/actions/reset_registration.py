"""Gives an extension a new registration password, so that a stolen one is worth nothing (C09, C11)."""

from secrets import choice

from msgspec import Struct

from detector.contract.vocabulary import Act
from streams.pbxs.pbx import Drifted, Order
from streams.pbxs.pbx_errors import GiveUp, NotFound
from streams.yeastar.p_series_action import PSeriesAction, action

LENGTH = 24
LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class Passwords(Struct, frozen=True):
    """The password that was there and ours; stored sealed only."""

    extension: int
    old: str
    new: str

    def __repr__(self) -> str:
        """Without the passwords."""
        return f"Passwords(extension={self.extension})"


@action
class ResetRegistration(PSeriesAction[Passwords]):
    """Nobody knows the new password: whoever is registered is refused at his next call or registration.

    The API cannot end a registration, and shows it until it expires. The owner's telephone is out of order as well, for
    emergency calls too, until somebody sets a password in the portal and provisions it; that is `Drifted` and right.
    Undoing puts the old, perhaps stolen, password back: it is for false alarms.
    """

    act = Act.RESET_REGISTRATION
    reads = ("extension/list", "extension/getpassword")
    before = Passwords

    async def prepare(self, order: Order) -> Passwords:
        """The password in use, if the PBX shows it; without it nothing could be put back."""
        extension = await self.client.extension(order.target.id)
        old = (await self.client.registration(extension.id)).reg_password
        if not old:
            raise GiveUp("the PBX does not show the registration password, so it could not be put back")
        return Passwords(extension.id, old, password())

    async def apply(self, order: Order, before: Passwords) -> None:
        """Set ours, unless somebody else has set one since `prepare`."""
        now = await self._now(before)
        if now == before.new:
            return
        if now != before.old:
            raise GiveUp("somebody has set another registration password meanwhile")
        await self.client.update_extension(before.extension, reg_password=before.new)

    async def confirmed(self, order: Order, before: Passwords, handle: str | None) -> bool:
        """Ours reads back."""
        return await self._now(before) == before.new

    async def undo(self, order: Order, before: Passwords, handle: str | None) -> None:
        """Put the old one back, if ours is still there."""
        try:
            now = await self._now(before)
        except NotFound:
            return
        if now == before.old:
            return
        if now != before.new:
            raise Drifted("somebody has set another registration password")
        await self.client.update_extension(before.extension, reg_password=before.old)

    async def undone(self, order: Order, before: Passwords, handle: str | None) -> bool:
        """The old one reads back, or the extension is gone."""
        try:
            return await self._now(before) == before.old
        except NotFound:
            return True

    async def preview(self, order: Order) -> str:
        """What it costs the owner of the extension."""
        await self.client.extension(order.target.id)
        return (
            f"every telephone of {order.target.id} is out of order, for emergency calls too, until it is given a new "
            "password from the portal"
        )

    async def _now(self, before: Passwords) -> str | None:
        return (await self.client.registration(before.extension)).reg_password


def password() -> str:
    """At random, with all that the PBX's rules for passwords ask."""
    return "Rf7" + "".join(choice(LETTERS) for _ in range(LENGTH - 3))
