"""Keeps an address out by an access list of chan_pjsip that stands in AstDB (C05, C09, C15)."""

from ipaddress import IPv4Network
from typing import ClassVar

import msgspec
from msgspec import Struct

from detector.contract.vocabulary import Act
from detector.decide.guard import block_range
from streams.asterisk.astdb import AstDb, sound_name
from streams.asterisk.asterisk_action import AsteriskAction, action
from streams.pbxs.pbx import Drifted, Order
from streams.pbxs.pbx_errors import GiveUp, NotFound

FAMILY = "ringfence_acl/acl"
MODULE = "res_pjsip_acl.so"
NO_MODULE = f"no address can be blocked: {MODULE} is not loaded"
ONLY_IPV4 = "an Asterisk blocks IPv4 addresses only"


class AccessList(Struct, frozen=True):
    """What Asterisk reads from AstDB beside its file."""

    deny: str


@action
class DenyAddress(AsteriskAction[AccessList]):
    """Every request of chan_pjsip from there is answered 403 before any password is judged; calls that are up go on.

    Such a list has no end of its own: it stands until it is undone.
    """

    act = Act.BLOCK_IP
    before = AccessList
    looks: ClassVar[str] = "acl=astdb,ringfence_acl"

    async def prepare(self, order: Order) -> AccessList:
        """The list, if Asterisk looks for such in AstDB."""
        await self.look_needed()
        try:
            await self.client.ask("ModuleCheck", Module=MODULE)
        except NotFound:
            raise GiveUp(NO_MODULE) from None
        return _list_of(order)

    async def apply(self, order: Order, before: AccessList) -> None:
        """Write it, unless it stands there."""
        if not await self.confirmed(order, before, None):
            await AstDb(self.client).put(FAMILY, sound_name(order.key), _encoded(order))

    async def confirmed(self, order: Order, before: AccessList, handle: str | None) -> bool:
        """It reads back."""
        return await self._written(order) == _encoded(order)

    async def undo(self, order: Order, before: AccessList, handle: str | None) -> None:
        """Delete it, if it is ours still."""
        written = await self._written(order)
        if written is not None and written != _encoded(order):
            raise Drifted("somebody has written a list of his own into AstDB")
        await AstDb(self.client).delete(FAMILY, sound_name(order.key))

    async def undone(self, order: Order, before: AccessList, handle: str | None) -> bool:
        """Ours is not there."""
        return await self._written(order) != _encoded(order)

    async def preview(self, order: Order) -> str:
        """Who is kept out."""
        return f"every SIP request from {_list_of(order).deny} is refused by the PBX itself; running calls go on"

    async def _written(self, order: Order) -> str | None:
        return await AstDb(self.client).get(FAMILY, sound_name(order.key))


def _list_of(order: Order) -> AccessList:
    network = block_range(order.target.id)
    if not isinstance(network, IPv4Network):
        raise GiveUp(ONLY_IPV4)
    return AccessList(str(network))


def _encoded(order: Order) -> str:
    return msgspec.json.encode(_list_of(order)).decode()
