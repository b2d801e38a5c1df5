"""The fleet list: what several PBXs saw attack is told to all of them, and never which PBXs."""

import asyncio
import time
from collections.abc import Sequence
from hashlib import blake2b

import structlog

from detector.contract.codec import from_micros
from detector.contract.events import EVERY_PBX, Control, FleetEntry
from detector.contract.findings import Subject
from detector.contract.vocabulary import SubjectKind
from detector.decide.guard import GuardFacts
from detector.decide.sightings import Sighting, unlistable
from streams.config.installation import Installation
from streams.runtime.clock import micros_now
from streams.runtime.ingest import PutControl
from streams.store.journal.journal import Journal
from streams.store.rows import FleetRow

AT_ONCE = 500
FORGET_EVERY = 3_600.0

log = structlog.get_logger(__name__)


class FleetList:
    """Takes sightings into the journal and announces what follows as control events for every PBX.

    Any number of gateways may do so at once. Raises `UnavailableError` when the database is away: then what was to be
    taken is not acknowledged and comes again.
    """

    def __init__(self, journal: Journal, put_control: PutControl, settings: Installation) -> None:
        self._journal = journal
        self._put = put_control
        self._fleet = settings.fleet
        self._window = round(settings.fleet.window * 1_000_000)
        trunks = {host for pbx in settings.pbxs for trunk in pbx.trunks.values() for host in trunk.hosts}
        self._facts = GuardFacts(trunk_addresses=tuple(sorted(trunks)), protected=settings.defaults.protected)
        self._forgot = -FORGET_EVERY
        self.refused = 0

    async def take(self, sightings: Sequence[Sighting]) -> None:
        """Count what PBXs saw; a trunk's address, of whatever PBX, and what is protected for all count for nothing."""
        if not self._fleet.enabled:
            return
        good = [one for one in sightings if self._listable(one)]
        self.refused += len(sightings) - len(good)
        if good:
            await asyncio.to_thread(
                self._journal.fleet.sight, good, micros_now(), pbxs=self._fleet.pbxs, window=self._window
            )

    async def tell(self) -> int:
        """Announce what is new, and now and then forget what is old; returns how many entries were announced.

        They count as announced when `put_control` has returned. Killed before that, the same events come again with the
        same ids.
        """
        told = 0
        while self._fleet.enabled:
            news = await asyncio.to_thread(self._journal.fleet.news, AT_ONCE, micros_now())
            if not news:
                break
            await self._put([announcement(news, micros_now())])
            await asyncio.to_thread(self._journal.fleet.announced, news)
            told += len(news)
        if time.monotonic() > self._forgot + FORGET_EVERY:
            await asyncio.to_thread(self._journal.fleet.forget, micros_now(), window=self._window)
            self._forgot = time.monotonic()
        if told:
            log.info("fleet list announced", entries=told)
        return told

    def _listable(self, sighting: Sighting) -> bool:
        return unlistable(Subject(SubjectKind(sighting.kind), sighting.id), self._facts) is None


def announcement(news: Sequence[FleetRow], now: int) -> Control:
    """One event for every PBX; its id is made from entries and their revisions."""
    names = "\x1e".join(f"{one.kind}\x1f{one.id}\x1f{one.revision}\x1f{one.until}" for one in news)
    return Control(
        pbx=EVERY_PBX,
        id=f"fleet:{blake2b(names.encode(), digest_size=12).hexdigest()}",
        at=from_micros(now),
        source="ringfence",
        name="fleet",
        fleet=tuple(entry_of(one) for one in news),
    )


def entry_of(row: FleetRow) -> FleetEntry:
    """As it stands in the log."""
    return FleetEntry(
        kind=row.kind, id=row.id, pbxs=row.pbxs, first_at=from_micros(row.first_at), last_at=from_micros(row.last_at),
        until=from_micros(row.until),
    )  # fmt: skip
