"""Says that there is nothing to back up: no file of the PBX is ever changed (C31)."""

from msgspec import Struct

from detector.contract.vocabulary import Act
from streams.asterisk.astdb import AstDb
from streams.asterisk.asterisk_action import AsteriskAction, action
from streams.pbxs.pbx import Order


class OurEntries(Struct, frozen=True):
    """What stood in our part of AstDB before the first change."""

    entries: dict[str, str]


@action
class RecordEntries(AsteriskAction[OurEntries]):
    """All that we write stands in AstDB in a family of our own; what was there before is kept here."""

    act = Act.BACKUP_PBX
    before = OurEntries

    async def prepare(self, order: Order) -> OurEntries:
        """What stands there now."""
        return OurEntries(await AstDb(self.client).tree("ringfence"))

    async def apply(self, order: Order, before: OurEntries) -> None:
        """Nothing more is to be done."""

    async def confirmed(self, order: Order, before: OurEntries, handle: str | None) -> bool:
        """It is kept."""
        return True

    async def preview(self, order: Order) -> str:
        """Nothing is cut."""
        return "nothing is cut and nothing written: no file of this PBX is ever changed, so there is nothing to back up"

    def remark(self, handle: str | None) -> str:
        """That this was no backup."""
        return "nothing to back up: no file of this PBX is ever changed"
