"""Gives an account of chan_pjsip a new password, so that a stolen one is worth nothing (C09, C11)."""

import secrets
from typing import ClassVar

import msgspec
from msgspec import Struct

from detector.contract.vocabulary import Act
from detector.formats.asterisk.asterisk_frames import Fields
from streams.asterisk.astdb import AstDb, sound_name
from streams.asterisk.asterisk_action import AsteriskAction, action
from streams.pbxs.pbx import Drifted, Order
from streams.pbxs.pbx_errors import GiveUp

FAMILY = "ringfence_auths/auth"
BYTES = 18


class OurPassword(Struct, frozen=True):
    """The object that holds an account's password, who logs in by it, and the password that is ours; sealed only."""

    auth: str
    username: str
    password: str

    def __repr__(self) -> str:
        """Without the password."""
        return f"OurPassword(auth={self.auth})"


class AuthObject(Struct, frozen=True):
    """What Asterisk reads from AstDB in place of its file."""

    auth_type: str
    username: str
    password: str


@action
class OverridePassword(AsteriskAction[OurPassword]):
    """Puts an object before that of pjsip.conf, whose password is neither read nor changed; deleted, that holds again.

    Whoever registers or calls by the old password is refused at once, for emergency calls too, until the telephone has
    ours. A call that is up goes on.
    """

    act = Act.RESET_REGISTRATION
    before = OurPassword
    looks: ClassVar[str] = "auth=astdb,ringfence_auths"

    async def prepare(self, order: Order) -> OurPassword:
        """Which object it is, and a password of ours, if Asterisk looks for one in AstDB."""
        await self.look_needed()
        shown = await self._shown(order)
        auth = sound_name(shown.get("ObjectName", ""))
        if await AstDb(self.client).get(FAMILY, auth) is not None:
            raise GiveUp("somebody has written a password of his own into AstDB")
        return OurPassword(auth, shown.get("Username", ""), secrets.token_urlsafe(BYTES))

    async def apply(self, order: Order, before: OurPassword) -> None:
        """Write it, unless it stands there."""
        if await self._written(before) is None:
            await AstDb(self.client).put(FAMILY, before.auth, encoded(before))

    async def confirmed(self, order: Order, before: OurPassword, handle: str | None) -> bool:
        """Asterisk itself goes by ours; what else it shows is forgotten at once."""
        return (await self._shown(order)).get("Password") == before.password

    async def undo(self, order: Order, before: OurPassword, handle: str | None) -> None:
        """Delete it, if it is ours still."""
        written = await self._written(before)
        if written is not None and written != encoded(before):
            raise Drifted("somebody has written a password of his own into AstDB")
        await AstDb(self.client).delete(FAMILY, before.auth)

    async def undone(self, order: Order, before: OurPassword, handle: str | None) -> bool:
        """Ours is not there, nor gone by."""
        return await self._written(before) != encoded(before) and not await self.confirmed(order, before, handle)

    async def preview(self, order: Order) -> str:
        """What it costs the owner of the extension."""
        return (
            f"every telephone of {order.target.id} is out of order, for emergency calls too, until it is given a new "
            "password, or this is undone"
        )

    async def _written(self, before: OurPassword) -> str | None:
        return await AstDb(self.client).get(FAMILY, before.auth)

    async def _shown(self, order: Order) -> Fields:
        """The one object that an account is judged by, as Asterisk goes by it now."""
        shown = await self.client.list("PJSIPShowEndpoint", Endpoint=sound_name(order.target.id))
        found = [one for one in shown if one.get("Event") == "AuthDetail"]
        if len(found) != 1:
            raise GiveUp("there is no one password object of this account in chan_pjsip")
        return found[0]


def encoded(ours: OurPassword) -> str:
    """The value in AstDB."""
    return msgspec.json.encode(AuthObject("userpass", ours.username, ours.password)).decode()
