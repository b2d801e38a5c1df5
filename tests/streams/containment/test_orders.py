"""An order reaches the journal, the log and the executor, and is kept with who gave it and why."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from detector.contract.events import Control
from detector.contract.findings import Decision, Incident, Loss, Subject
from detector.contract.vocabulary import Act, Mode, Severity, Stage, State, Status, SubjectKind
from streams.containment.orders import Orders
from streams.store.database import open_engine
from streams.store.journal.journal import Journal
from streams.store.migrate import migrate
from tests.lives import lead

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
THIEF = Subject(SubjectKind.SOURCE_IP, "203.0.113.9")


class Desk:
    """Orders over a real journal; what goes into the log and to the executor is remembered."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.controls: list[Control] = []
        self.woken = 0
        self.orders = Orders(journal, self.put, self.wake)

    async def put(self, controls: Sequence[Control]) -> None:
        self.controls += controls

    def wake(self) -> None:
        self.woken += 1

    def said(self) -> list[tuple[str, str, str | None, str]]:
        view = self.journal.incidents.find("inc-1")
        assert view is not None
        return [(one.by, one.about, one.action, one.text) for one in view.remarks]

    def state(self) -> State:
        row = self.journal.actions.find("act-dec-1")
        assert row is not None
        return row.state


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    engine = open_engine(f"sqlite:///{tmp_path / 'journal.db'}")
    migrate(engine, "journal")
    journal = Journal(engine)
    journal.findings.record([incident(), decision()])
    yield Desk(journal)
    engine.dispose()


def incident(status: Status = Status.OPEN, revision: int = 0, *, drill: bool = False) -> Incident:
    return Incident(
        id="inc-1", pbx="hq", at=AT, opened_at=AT, status=status, stage=Stage.CREDENTIAL, kind="password_guessing",
        severity=Severity.CRITICAL, title="Password guessing", subjects=(THIEF,), detections=(),
        loss=Loss(0, 0, 0, "USD", "tariff"), revision=revision, drill=drill,
    )  # fmt: skip


def decision(mode: Mode = Mode.ASK, revision: int = 0, *, status: str = "active") -> Decision:
    return Decision(
        id="dec-1", pbx="hq", at=AT, incident="inc-1", because=(), action=Act.BLOCK_IP, rung=1, target=THIEF,
        until=AT + timedelta(days=9_999), mode=mode, status=status, revision=revision,
    )  # fmt: skip


async def test_approving(desk: Desk) -> None:
    assert await desk.orders.approve("act-dec-1", "anna")
    assert (desk.state(), desk.woken, desk.controls) == (State.APPROVED, 1, [])
    assert desk.said() == [("anna", "approved", "act-dec-1", "")]


async def test_refusing_keeps_the_reason_in_both_places(desk: Desk) -> None:
    assert await desk.orders.refuse("act-dec-1", "anna", "the fair is on")
    row = desk.journal.actions.find("act-dec-1")
    assert row is not None
    assert (row.state, row.error) == (State.REFUSED, "the fair is on")
    assert desk.said() == [("anna", "refused", "act-dec-1", "the fair is on")]


async def test_undoing_tells_the_log_and_the_executor(desk: Desk) -> None:
    lead(desk.journal, "act-dec-1", State.CONFIRMED)
    assert await desk.orders.undo("act-dec-1", "anna", "our branch office")
    row = desk.journal.actions.find("act-dec-1")
    assert row is not None
    assert (row.undo_by, desk.woken) == ("anna", 1)
    [told] = desk.controls
    assert (told.name, told.verdict, told.pbx, told.decision, told.by, told.note) == (
        "verdict", "undone", "hq", "dec-1", "anna", "our branch office",
    )  # fmt: skip
    assert desk.said() == [("anna", "undone", "act-dec-1", "our branch office")]


async def test_closing_tells_the_log_and_shows_in_the_incident(desk: Desk) -> None:
    assert await desk.orders.close_incident("inc-1", "anna", "password changed")
    [told] = desk.controls
    assert (told.name, told.verdict, told.pbx, told.incident, told.decision, told.by, told.note) == (
        "verdict", "closed", "hq", "inc-1", None, "anna", "password changed",
    )  # fmt: skip
    assert desk.said() == [("anna", "closed", None, "password changed")]


async def test_what_the_engine_answers_to_a_closing_ends_the_incident_and_what_it_holds(desk: Desk) -> None:
    lead(desk.journal, "act-dec-1", State.CONFIRMED)
    assert await desk.orders.close_incident("inc-1", "anna", "done")
    desk.journal.findings.record([incident(Status.CLOSED, 1), decision(revision=1, status="lifted")])
    view = desk.journal.incidents.find("inc-1")
    assert view is not None
    assert view.incident.status is Status.CLOSED
    assert [action.undo_by for action in view.actions] == ["policy"]
    assert not await desk.orders.close_incident("inc-1", "ben", "again")
    assert [by for by, *_ in desk.said()] == ["anna"]
    assert len(desk.controls) == 1


@pytest.mark.parametrize("status", [Status.CLOSED, Status.MERGED])
async def test_what_is_over_is_not_closed(desk: Desk, status: Status) -> None:
    desk.journal.findings.record([incident(status, 1)])
    assert not await desk.orders.close_incident("inc-1", "anna", "x")
    assert not await desk.orders.close_incident("none", "anna", "x")
    assert (desk.controls, desk.said()) == ([], [])


async def test_an_order_that_came_too_late_leaves_nothing(desk: Desk) -> None:
    desk.journal.actions.refuse("act-dec-1", "ben", "no", now=1)
    assert not await desk.orders.approve("act-dec-1", "anna")
    assert not await desk.orders.refuse("act-dec-1", "anna", "x")
    assert not await desk.orders.undo("act-dec-1", "anna", "x")
    assert not await desk.orders.undo("none", "anna", "x")
    assert (desk.controls, desk.said()) == ([], [])


async def test_a_verdict_of_a_drill_is_a_drill(desk: Desk) -> None:
    desk.journal.findings.record([incident(revision=1, drill=True)])
    assert await desk.orders.close_incident("inc-1", "anna", "x")
    assert [told.drill for told in desk.controls] == [True]


async def test_long_names_and_notes_are_cut(desk: Desk) -> None:
    assert await desk.orders.close_incident("inc-1", "a" * 99, "x" * 2_000)
    [told] = desk.controls
    assert (len(told.by or ""), len(told.note or "")) == (64, 1_024)
    assert [(len(by), len(text)) for by, _, _, text in desk.said()] == [(64, 1_000)]
