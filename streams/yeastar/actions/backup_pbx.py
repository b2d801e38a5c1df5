"""Starts a backup of the PBX before its configuration is changed (C31)."""

from msgspec import Struct

from detector.contract.vocabulary import Act
from streams.pbxs.pbx import Order
from streams.pbxs.pbx_errors import Duplicate
from streams.yeastar.answers import BackupFile
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series_action import PSeriesAction, action

TOLD_FAILED = frozenset({"failed", "failure", "error"})
"""Statuses by which the PBX says that a backup came to nothing."""


class File(Struct, frozen=True):
    """The name of the backup to be made."""

    name: str


@action
class BackupPbx(PSeriesAction[File]):
    """Named after the decision, so that it is found again after a crash; it stays on the PBX."""

    act = Act.BACKUP_PBX
    reads = ("backup/list",)
    before = File

    async def prepare(self, order: Order) -> File:
        """The file's name."""
        return File(f"ringfence-{order.key}.bak")

    async def apply(self, order: Order, before: File) -> str | None:
        """Start it unless it is there; the PBX goes on by itself. The handle is its id."""
        made = await _ours(self.client, before, None)
        if made is not None:
            return None if made.id is None else str(made.id)
        try:
            started = await self.client.create_backup(before.name)
        except Duplicate:
            return None
        return None if started is None else str(started)

    async def confirmed(self, order: Order, before: File, handle: str | None) -> bool:
        """It is listed, running or finished, by its name or, where the PBX gave it another, its id."""
        made = await _ours(self.client, before, handle)
        return made is not None and (made.status or "").casefold() not in TOLD_FAILED

    async def preview(self, order: Order) -> str:
        """Nothing is cut."""
        return "nothing is cut: the PBX writes a backup of its configuration"


async def _ours(client: YeastarClient, before: File, handle: str | None) -> BackupFile | None:
    stem = before.name.removesuffix(".bak")
    return next(
        (
            made
            for made in await client.backups()
            if stem in (made.file_name or "") or (handle is not None and str(made.id) == handle)
        ),
        None,
    )
