"""What the console says of PBXs that gateways have, had, or never had."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from streams.console.wording import utc_micros
from streams.pbxs.pbx_status import PbxStatus, encode_status
from streams.pbxs.reports import LOCKED, NOBODY, QUIET, SILENT, Reports, sources_of
from streams.runtime.ingest import SourceStatus
from streams.store.database import open_engine
from streams.store.journal.journal import Journal
from streams.store.rows import PbxSession

NOW = 10 * SILENT
UP = SourceStatus(name="poll", connected=True, last_event_at=5, events=3, rejected=1)
DOWN = SourceStatus(name="socket", problem="Unreachable: no route", last_event_at=7)
MUTE = SourceStatus(name="socket")


def row(*, held: bool = True) -> PbxSession:
    return PbxSession(pbx="hq", owner="gw", fence=1, held=held, status=None)


def told(*sources: SourceStatus, ago: int = 0, locked: bool = False) -> PbxStatus:
    return PbxStatus(at=NOW - ago, sources=sources, locked=locked)


@pytest.mark.parametrize(
    ("row", "report", "shown"),
    [
        (None, None, [("gateway", False, None, NOBODY)]),
        (row(held=False), told(UP, DOWN), [("gateway", False, 7, NOBODY)]),
        (row(), None, [("gateway", False, None, QUIET)]),
        (row(), told(), [("gateway", False, None, QUIET)]),
        (row(), told(UP, ago=SILENT), [("gateway", False, 5, QUIET)]),
        (row(), told(UP, ago=SILENT - 1), [("poll", True, 5, None)]),
        (row(), told(UP, ago=-SILENT), [("poll", True, 5, None)]),
        (row(), told(UP, DOWN), [("poll", True, 5, None), ("socket", False, 7, "Unreachable: no route")]),
        (row(), told(MUTE, UP, locked=True), [("socket", False, None, LOCKED), ("poll", True, 5, None)]),
        (row(), told(DOWN, locked=True), [("socket", False, 7, "Unreachable: no route")]),
    ],
    ids=["never seen", "lease ran out", "says nothing yet", "no source yet", "silent", "just not silent", "clock ahead",
         "one is down", "locked", "locked and says why"],
)  # fmt: skip
def test_a_pbx_is_shown(row: PbxSession | None, report: PbxStatus | None, shown: list[tuple[object, ...]]) -> None:
    found = sources_of("hq", row, report, NOW)
    assert [(one.name, one.connected, one.last_event_at, one.problem) for one in found] == shown


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = open_engine(migrated_url)
    yield engine
    engine.dispose()


async def test_the_journal_tells_of_our_pbxs_and_of_no_other(engine: Engine) -> None:
    journal, heard = Journal(engine), dict[str, PbxStatus]()
    journal.leases.attend("gw", ["hq", "branch", "sold"], 600)
    fences = journal.leases.take("gw", ["hq", "branch", "sold"], 600, 3)
    report = PbxStatus(at=utc_micros(), sources=(UP, UP), date_format="DD/MM/YYYY")
    told = {"hq": encode_status(report), "branch": b"\xff", "sold": encode_status(report)}
    journal.leases.save_statuses("gw", {pbx: (fences[pbx], status) for pbx, status in told.items()})
    reports = Reports(journal, ["hq", "branch", "new"], heard.__setitem__)
    await reports.refresh()
    assert heard == {"hq": report}
    summary = reports.summary
    assert (summary.events, summary.rejected) == (6, 2)
    assert [(one.pbx, one.name, one.problem) for one in summary.sources] == [
        ("hq", "poll", None), ("hq", "poll", None), ("branch", "gateway", QUIET), ("new", "gateway", NOBODY),
    ]  # fmt: skip


async def test_what_was_known_stands_while_the_journal_is_away(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    reports = Reports(Journal(engine), ["hq"], lambda pbx, report: None)
    before = reports.summary
    await reports.refresh()  # to SQLite a missing table is what a server that is away is to PostgreSQL
    assert reports.summary is before
    engine.dispose()
