"""Block lists as a process sees them that does not fetch them itself."""

import asyncio
from collections.abc import Sequence

import structlog

from streams.config.block_list_settings import BlockListSource
from streams.runtime.list_status import ListStatus, status_of
from streams.store.list_copies import ListCopies
from streams.store.store_errors import UnavailableError

LOOK_EVERY = 30.0

log = structlog.get_logger(__name__)


class WatchedLists:
    """What the gateways have kept of each list."""

    def __init__(self, lists: Sequence[BlockListSource], copies: ListCopies) -> None:
        self._lists = lists
        self._copies = copies
        self.statuses: tuple[ListStatus, ...] = ()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                self.statuses = tuple([await asyncio.to_thread(self._read, each) for each in self._lists])
            except UnavailableError as error:
                log.info("lists cannot be looked at", error=str(error))
            await asyncio.sleep(LOOK_EVERY)

    def _read(self, settings: BlockListSource) -> ListStatus:
        copy = self._copies.newest(settings.name, settings.source)
        if copy is None:
            return ListStatus(name=settings.name, source=settings.source, problem="never had")
        return status_of(copy)
