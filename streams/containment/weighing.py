"""Says whom an action hits before it is done: kept with it for who approves, and held to bounds where nobody does."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from detector.contract.vocabulary import Author, SubjectKind
from detector.decide.acts import ACTS
from detector.decide.blast import Blast, Bounds, beyond
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow
from streams.store.store_errors import UnavailableError

LOOK_SECONDS = 0.25
AT_ONCE = 50

FindBlast = Callable[[ActionRow, Collection[str]], Awaitable[Blast]]
"""Whom an action hits besides these extensions, which are accused."""

log = structlog.get_logger(__name__)


class Weighing:
    """Weighs each action once: what policy approved just before it begins, what waits as soon as it does.

    `find` is None where nobody can say; then nothing is weighed. `ours` are the PBXs in our hands.
    """

    def __init__(
        self, journal: Journal, bounds: Bounds, find: FindBlast | None, ours: Callable[[], Collection[str]]
    ) -> None:
        self._journal = journal
        self._bounds = bounds
        self._find = find
        self._ours = ours

    async def too_wide(self, row: ActionRow) -> str | None:
        """Why a person has to look at it before it is done; None for what a person has approved."""
        if row.by != Author.POLICY or not ACTS[row.kind].contains:
            return None
        blast = await self.weigh(row)
        return beyond(blast, self._bounds) if blast is not None else None

    async def weigh(self, row: ActionRow) -> Blast | None:
        """Find out whom it hits, and keep that with it."""
        if self._find is None:
            return None
        view = await asyncio.to_thread(self._journal.incidents.find, row.incident)
        subjects = view.incident.subjects if view is not None else ()
        accused = {one.id for one in (*subjects, row.target) if one.kind is SubjectKind.EXTENSION}
        blast = await self._find(row, accused)
        await asyncio.to_thread(self._journal.actions.weighed, row.id, blast)
        return blast

    async def run(self) -> None:
        """Weigh what waits for approval, until cancelled."""
        while True:
            try:
                for row in await asyncio.to_thread(self._journal.actions.unweighed, self._ours(), AT_ONCE):
                    await self._try(row)
            except UnavailableError as error:
                log.warning("journal unavailable", error=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def _try(self, row: ActionRow) -> None:
        try:
            await self.weigh(row)
        except KeyError:  # the PBX went to somebody else meanwhile
            log.info("not weighed", action=row.id)
