"""Lets an incident's backup of the PBX begin before the first change of its configuration; never for long (C31)."""

import asyncio

import structlog

from detector.contract.lifecycle import NOT_YET
from detector.contract.vocabulary import Act, State
from detector.decide.acts import ACTS
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow

LOOKS = 20
LOOK_SECONDS = 0.05
"""A slow PBX holds up containment by a second at most; then the change goes first."""

log = structlog.get_logger(__name__)


async def backup_begun(journal: Journal, row: ActionRow, now: int) -> None:
    """Wait until the backup has begun or failed, if `row` changes settings; who approved that wants it, too."""
    if not ACTS[row.kind].changes_settings:
        return
    for _ in range(LOOKS):
        if not await asyncio.to_thread(_waits, journal, row, now):
            return
        await asyncio.sleep(LOOK_SECONDS)
    log.warning("changed before its backup began", action=row.id)


def _waits(journal: Journal, row: ActionRow, now: int) -> bool:
    view = journal.incidents.find(row.incident)
    others = view.actions if view is not None else []
    backup = next((other for other in others if other.kind is Act.BACKUP_PBX and other.pbx == row.pbx), None)
    if backup is not None and backup.state is State.REQUESTED and not backup.waits:
        journal.actions.approve(backup.id, row.by, now=now)
    return backup is not None and backup.state in NOT_YET and not backup.waits
