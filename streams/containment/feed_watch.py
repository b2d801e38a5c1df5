"""Tells the log when blocks wait for a firewall that does not fetch the list, and when none does any more."""

import asyncio
from collections.abc import Callable, Collection, Iterable

import structlog

from detector.contract.codec import from_micros
from detector.contract.events import Notice
from detector.contract.vocabulary import Level, SourceNotice
from streams.containment.enforcers.feed import Feed, find_missing, in_words
from streams.runtime.clock import utc_now
from streams.runtime.ingest import Delivery, Ingest, SourceStatus
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow
from streams.store.store_errors import UnavailableError

EVERY = 10.0
SOURCE = "feed"
LEVELS = {SourceNotice.UNFETCHED: Level.ALERT, SourceNotice.FETCHED: Level.INFORMATION}

log = structlog.get_logger(__name__)


class FeedWatch:
    """Looks at the blocks that wait, of the PBXs that are `ours` at the moment, and at the firewalls.

    What a process does not know of the time before it, it tells once; a rule makes one finding of what is told again.
    `missing` says which firewalls have stopped to fetch the list, for health and console.
    """

    def __init__(
        self, feed: Feed, journal: Journal, ingest: Ingest, ours: Callable[[], Collection[str]], *, every: float = EVERY
    ) -> None:
        self._feed = feed
        self._journal = journal
        self._ingest = ingest
        self._ours = ours
        self._every = min(every, feed.overdue_seconds / 2)
        self._told: dict[str, SourceNotice] = {}
        self.missing: list[str] = []

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                notices = await self.look()
            except UnavailableError as error:
                log.warning("journal unavailable", error=str(error))
                notices = []
            for notice in notices:
                await Delivery(self._ingest, SourceStatus(SOURCE, notice.pbx)).hand_over([notice])
            await asyncio.sleep(self._every)

    async def look(self) -> list[Notice]:
        """What there is to tell now."""
        pbxs, now = sorted(self._ours()), utc_now()
        fetched = await self._feed.fetched()
        waiting = await asyncio.to_thread(self._journal.actions.waiting_for_firewall, pbxs)
        late = {row.pbx for row in overdue(waiting, now.timestamp() - self._feed.overdue_seconds)}
        text = in_words(fetched)
        self.missing = find_missing(fetched, now) or ([f"{text}: what is to be blocked is not blocked"] if late else [])
        told = []
        for pbx in pbxs:
            name = SourceNotice.UNFETCHED if pbx in late else SourceNotice.FETCHED
            unsettled = name is SourceNotice.FETCHED and any(row.pbx == pbx for row in waiting)
            if self._told.get(pbx) is name or unsettled:
                continue
            self._told[pbx] = name
            told.append(Notice(
                pbx=pbx, id=f"{SOURCE}:{name}:{round(now.timestamp() * 1e6)}", at=now, received_at=now, source=SOURCE,
                name=name, level=LEVELS[name], text=text if name is SourceNotice.UNFETCHED else None,
            ))  # fmt: skip
        for gone in self._told.keys() - set(pbxs):
            del self._told[gone]
        return told


def overdue(waiting: Iterable[ActionRow], since: float) -> list[ActionRow]:
    """Those that were begun before `since`, in seconds."""
    return [row for row in waiting if from_micros(row.begun_at or row.created_at).timestamp() <= since]
