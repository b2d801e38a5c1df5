"""What actions on an Asterisk share: how it is reached and dialled on, and how something is denied by AstDB."""

from typing import Any, ClassVar, TypeVar

from msgspec import Struct

from detector.contract.registry import Registry
from detector.decide.acts import ACTS
from detector.formats.asterisk.asterisk_owners import Owners
from detector.formats.parties import Parties
from streams.asterisk.ami_client import AmiClient
from streams.asterisk.astdb import AstDb, epoch, read_value, sound_name, write_value
from streams.asterisk.dialplan_hook import hook_needed
from streams.pbxs.dialling import Dialling
from streams.pbxs.pbx import Drifted, Order, PbxAction
from streams.pbxs.pbx_errors import GiveUp, NotFound

B = TypeVar("B")
A = TypeVar("A", bound="type[AsteriskAction[Any]]")


class AsteriskMeans(Struct, frozen=True, kw_only=True):
    """One Asterisk, by all that its actions need to know of it."""

    client: AmiClient
    dialling: Dialling = Dialling()
    parties: Parties = Parties()

    def owners(self) -> Owners:
        """Tells extensions from trunks by their names."""
        return Owners(self.parties)


class AsteriskAction(PbxAction[B]):
    """One kind of action on one Asterisk; `hooked` says that it has no effect without our guard in the dialplan.

    `looks` is the line of sorcery.conf without which it has none.
    """

    hooked: ClassVar[bool] = False
    looks: ClassVar[str] = ""

    def __init__(self, means: AsteriskMeans) -> None:
        self.means = means
        self.client = means.client

    async def look_needed(self) -> None:
        """Raises `GiveUp` where Asterisk would not look into AstDB for what we write there."""
        if self.looks not in await sorcery_lines(self.client):
            raise GiveUp(lacking_look(self.looks))


async def sorcery_lines(client: AmiClient) -> frozenset[str]:
    """The lines of sorcery.conf."""
    try:
        return frozenset((await client.ask("GetConfig", Filename="sorcery.conf")).values())
    except NotFound:
        return frozenset()


def lacking_look(line: str) -> str:
    """What is said where a line is missing."""
    return f"sorcery.conf lacks the line {line}"


ASTERISK_ACTIONS: Registry[type[AsteriskAction[Any]]] = Registry("actions on an Asterisk", "streams.asterisk.actions")


def action(kind: A) -> A:
    """Registers an action; the same act twice stops the program."""
    ASTERISK_ACTIONS.add(kind.act, kind)
    return kind


class Entries(Struct, frozen=True):
    """The keys in AstDB that deny it."""

    family: str
    keys: tuple[str, ...]


class Denial(AsteriskAction[Entries]):
    """Denies new calls by entries in AstDB that our guard in the dialplan asks for.

    Nothing of the PBX's configuration is changed. Each entry says until when, so it ends by itself if we die. Emergency
    calls pass before anything is looked up, and that this is so is read from the dialplan before anything is written.
    """

    hooked = True
    before = Entries
    kind: ClassVar[str]
    """What is denied, as the dialplan calls it."""

    def __init__(self, means: AsteriskMeans) -> None:
        super().__init__(means)
        self.database = AstDb(means.client)

    def names(self, order: Order) -> tuple[str, ...]:
        """The keys for a target."""
        return (sound_name(order.target.id),)

    async def prepare(self, order: Order) -> Entries:
        """Which entries, if the guard is there and nobody else has written such."""
        await hook_needed(self.client, self.means.dialling.emergency)
        entries = Entries(f"ringfence/{self.kind}", self.names(order))
        for key in entries.keys:
            await self._held(entries, key)
        return entries

    async def apply(self, order: Order, before: Entries) -> None:
        """Add this decision to whoever wants it denied already."""
        await hook_needed(self.client, self.means.dialling.emergency)
        for key in before.keys:
            held = await self._held(before, key)
            wanted = held | {order.key: epoch(order.until)}
            if wanted != held:
                await self.database.put(before.family, key, write_value(wanted))

    async def confirmed(self, order: Order, before: Entries, handle: str | None) -> bool:
        """Each entry reads back with this decision in it."""
        values = [await self.database.get(before.family, key) for key in before.keys]
        return all((read_value(value or "") or {}).get(order.key, 0) >= epoch(order.until) for value in values)

    async def undo(self, order: Order, before: Entries, handle: str | None) -> None:
        """Take this decision out of each entry; what nobody wants any more is deleted."""
        for key in before.keys:
            value = await self.database.get(before.family, key)
            if value is None:
                continue
            held = read_value(value)
            if held is None:
                raise Drifted(f"somebody has written another value for {key}")
            # of several on one target the last one to end undoes them all
            left = {} if ACTS[self.act].shared else {name: held[name] for name in held if name != order.key}
            if not left:
                await self.database.delete(before.family, key)
            elif left != held:
                await self.database.put(before.family, key, write_value(left))

    async def undone(self, order: Order, before: Entries, handle: str | None) -> bool:
        """No entry has this decision in it."""
        values = [await self.database.get(before.family, key) for key in before.keys]
        return not any(order.key in (read_value(value or "") or {}) for value in values)

    async def _held(self, entries: Entries, key: str) -> dict[str, int]:
        value = await self.database.get(entries.family, key)
        held = {} if value is None else read_value(value)
        if held is None:
            raise GiveUp(f"somebody has written a value of his own for {key} in {entries.family}")
        return held
