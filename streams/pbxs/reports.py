"""What gateways write into the journal of their PBXs, read again and again."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog
from msgspec import Struct
from msgspec.structs import replace

from streams.pbxs.pbx_status import PbxStatus, decode_status
from streams.runtime.clock import micros_now
from streams.runtime.ingest import SourceStatus
from streams.store.journal.journal import Journal
from streams.store.rows import PbxSession
from streams.store.store_errors import UnavailableError

EVERY = 2.0
SILENT = 60_000_000
"""Microseconds after which a report says nothing about now."""
GATEWAY = "gateway"
NOBODY = "no gateway has it"
QUIET = "its gateway has said nothing for a minute"
LOCKED = "no more logins until the PBX's credentials are put right"

log = structlog.get_logger(__name__)


class Summary(Struct, frozen=True):
    """All PBXs together; counts since their gateways have them."""

    sources: tuple[SourceStatus, ...] = ()
    events: int = 0
    rejected: int = 0


class Reports:
    """Keeps a `summary` of `pbxs`; `heard` gets each report as it is read.

    While the journal is away, what was read last stands: then the console shows nothing at all.
    """

    def __init__(self, journal: Journal, pbxs: Sequence[str], heard: Callable[[str, PbxStatus], None]) -> None:
        self._journal = journal
        self._pbxs = pbxs
        self._heard = heard
        self._away = False
        self._reports: Mapping[str, PbxStatus] = {}
        self.summary = Summary()

    def of(self, pbx: str) -> PbxStatus | None:
        """What was reported of a PBX last, however long ago."""
        return self._reports.get(pbx)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(EVERY)

    async def refresh(self) -> None:
        """Read the reports as they are now."""
        try:
            reports, self.summary = await asyncio.to_thread(self._read)
        except UnavailableError as error:
            if not self._away:
                log.warning("journal unavailable", error=str(error))
            self._away = True
            return
        self._away, self._reports = False, reports
        for pbx, report in reports.items():
            self._heard(pbx, report)

    def _read(self) -> tuple[Mapping[str, PbxStatus], Summary]:
        rows = {row.pbx: row for row in self._journal.leases.all()}
        reports = {pbx: report for pbx in self._pbxs if pbx in rows and (report := decode_status(rows[pbx].status))}
        now = micros_now()
        every = [source for report in reports.values() for source in report.sources]
        return reports, Summary(
            tuple(one for pbx in self._pbxs for one in sources_of(pbx, rows.get(pbx), reports.get(pbx), now)),
            sum(source.events for source in every),
            sum(source.rejected for source in every),
        )


def sources_of(pbx: str, row: PbxSession | None, report: PbxStatus | None, now: int) -> list[SourceStatus]:
    """How a PBX's sources are doing; one that is down and says why, where nobody answers for them."""
    why = NOBODY if row is None or not row.held else QUIET
    if why is QUIET and report is not None and report.sources and now - report.at < SILENT:
        return [with_reason(replace(one, pbx=pbx), report) for one in report.sources]
    last = max((one.last_event_at or 0 for one in report.sources), default=0) if report is not None else 0
    return [SourceStatus(GATEWAY, pbx, last_event_at=last or None, problem=why)]


def with_reason(source: SourceStatus, report: PbxStatus) -> SourceStatus:
    """The same; that we log in no more is said where the source says nothing itself."""
    if source.connected or source.problem or not report.locked:
        return source
    return replace(source, problem=LOCKED)
