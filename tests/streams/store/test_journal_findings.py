"""Findings come in once, newest revision wins, and decisions become actions."""

from datetime import timedelta
from typing import Any

import pytest

from detector.contract.codec import to_micros
from detector.contract.findings import Loss, Subject
from detector.contract.vocabulary import Act, Mode, Severity, Stage, State, Status, SubjectKind
from streams.store.gravity import floor_of
from streams.store.journal.journal import Journal
from tests.lives import lead

HOSTILE = "NUL \x00 half \ud800 back\\slash \\x00 '; DROP TABLE incident --"


def test_an_incident_is_read_with_all_that_belongs_to_it(journal: Journal, make: Any) -> None:
    other = make.detection("det-2", at=make.AT + timedelta(seconds=1))
    incident = make.incident(detections=("det-1", "det-2"))
    journal.findings.record([make.decision(), incident, other, make.detection(), make.detection("stranger")])
    view = journal.incidents.find("inc-1")
    assert view is not None
    assert view.incident == incident
    assert view.detections == [make.detection(), other]
    assert view.decisions == [make.decision()]
    assert [(action.id, action.state, action.by) for action in view.actions] == [
        ("act-dec-1", State.APPROVED, "policy")
    ]
    assert [(line.n, line.before, line.state) for line in view.history] == [(1, None, State.APPROVED)]
    assert view.notifications == []
    assert journal.incidents.find("inc-2") is None


def test_the_same_findings_again_change_nothing(journal: Journal, make: Any) -> None:
    findings = [make.detection(), make.incident(), make.decision()]
    journal.findings.record(findings)
    before = journal.incidents.find("inc-1")
    journal.findings.record(findings + findings)
    assert journal.incidents.find("inc-1") == before


def test_only_a_higher_revision_replaces(journal: Journal, make: Any) -> None:
    journal.findings.record([make.incident(title="second", revision=2), make.incident(title="first", revision=1)])
    journal.findings.record([make.incident(title="late", revision=1), make.incident(title="equal", revision=2)])
    assert [incident.title for incident in journal.incidents.live(10)] == ["second"]
    journal.findings.record([make.incident(title="third", revision=3, detections=("det-1", "det-2"))])
    assert [incident.title for incident in journal.incidents.live(10)] == ["third"]


def test_live_incidents_are_sorted_by_gravity_and_counted(journal: Journal, make: Any) -> None:
    shapes = [
        ("contained, costs most", {"status": Status.CONTAINED, "stage": Stage.PUMPING, "loss": loss(9_000, 0)}),
        ("over", {"status": Status.CLOSED, "stage": Stage.PUMPING, "loss": loss(9_000, 9_000)}),
        ("guessing, the newest", {"stage": Stage.CREDENTIAL}),
        ("warning, and dear", {"severity": Severity.WARNING, "stage": Stage.PUMPING, "loss": loss(9_000, 9_000)}),
        ("pumping, cheap", {"stage": Stage.PUMPING, "loss": loss(1, 1)}),
        ("pumping, dear a minute", {"stage": Stage.PUMPING, "loss": loss(1, 100)}),
        ("guessing, older", {"stage": Stage.CREDENTIAL, "opened_at": make.AT - timedelta(hours=1)}),
        ("drill", {"stage": Stage.PUMPING, "drill": True, "loss": loss(9_000, 9_000)}),
    ]
    journal.findings.record([make.incident(name, **shape) for name, shape in shapes])
    expected = ["pumping, dear a minute", "pumping, cheap", "guessing, the newest", "guessing, older",
                "warning, and dear", "drill", "contained, costs most"]  # fmt: skip
    assert [incident.id for incident in journal.incidents.live(99)] == expected
    assert [incident.id for incident in journal.incidents.live(2, 3)] == expected[3:5]
    assert journal.incidents.count_live() == {Status.OPEN: 6, Status.CONTAINED: 1}
    grave = floor_of(Severity.CRITICAL, Stage.ACCESS)
    assert journal.incidents.gravest_open(9, grave) == expected[:2]
    assert journal.incidents.live(99, pbx="nowhere") == journal.incidents.gravest_open(9, grave, ["nowhere"]) == []


def loss(spent: int, per_minute: int) -> Loss:
    return Loss(spent, per_minute, 0, "EUR", "tariff")


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"mode": Mode.AUTO}, State.APPROVED),
        ({"mode": Mode.ASK}, State.REQUESTED),
        ({"mode": Mode.NOTIFY}, None),
        ({"mode": Mode.SHADOW}, None),
        ({"mode": Mode.AUTO, "refused": "known good"}, State.REFUSED),
        ({"mode": Mode.AUTO, "drill": True}, State.REQUESTED),
        ({"mode": Mode.AUTO, "incident": "drill"}, State.REQUESTED),
        ({"mode": Mode.AUTO, "status": "lifted"}, None),
    ],
)
def test_what_a_decision_begins_with(journal: Journal, make: Any, changes: dict[str, Any], state: State | None) -> None:
    journal.findings.record([make.incident(), make.incident("drill", drill=True), make.decision(**changes)])
    action = journal.actions.find("act-dec-1")
    assert (action and action.state) == state
    assert action is None or action.error == changes.get("refused")


def test_a_drill_never_gets_beyond_requested(journal: Journal, make: Any) -> None:
    journal.findings.record([make.decision(drill=True)])
    assert not journal.actions.approve("act-dec-1", "anna", now=1)
    assert not journal.actions.move("act-dec-1", {State.REQUESTED}, State.APPROVED, by="x", now=1)
    assert journal.actions.claim("x", to_micros(make.AT), 10, 10) == []
    journal.findings.record([make.decision(revision=1)])
    assert not journal.actions.approve("act-dec-1", "anna", now=1)
    assert journal.actions.refuse("act-dec-1", "anna", "only a drill", now=1)


@pytest.mark.parametrize("state", [State.REQUESTED, State.APPROVED])
def test_lifted_before_it_was_applied_expires(journal: Journal, make: Any, state: State) -> None:
    mode = Mode.ASK if state is State.REQUESTED else Mode.AUTO
    journal.findings.record([make.decision(mode=mode)])
    journal.findings.record([make.decision(mode=mode, status="lifted", revision=1)])
    action = journal.actions.find("act-dec-1")
    assert action is not None
    assert (action.state, action.by) == (State.EXPIRED, "policy")
    assert journal.actions.claim("x", to_micros(make.AT), 10, 10) == []


@pytest.mark.parametrize("state", [State.APPLYING, State.APPLIED, State.CONFIRMED])
def test_lifted_after_it_was_applied_is_due_to_be_undone(journal: Journal, make: Any, state: State) -> None:
    now = to_micros(make.AT)
    journal.findings.record([make.decision()])
    lead(journal, "act-dec-1", state, now=now)
    journal.findings.record([make.decision(status="lifted", revision=1)])
    [action] = journal.actions.claim("x", now, 10, 10)
    assert (action.state, action.undo_by) == (state, "policy")
    assert action.undo_due(now)


def test_lifted_after_a_person_asked_it_is_still_the_persons_undo(journal: Journal, make: Any) -> None:
    now = to_micros(make.AT)
    journal.findings.record([make.decision()])
    lead(journal, "act-dec-1", State.CONFIRMED, now=now)
    assert journal.actions.request_undo("act-dec-1", "anna", now=now, note="this was our test")
    journal.findings.record([make.decision(status="lifted", revision=1)])
    [action] = journal.actions.claim("x", now, 10, 10)
    assert action.undo_by == "anna"


def test_a_later_revision_moves_the_end_and_the_mode(journal: Journal, make: Any) -> None:
    later = make.AT + timedelta(days=1)
    journal.findings.record([make.decision(mode=Mode.ASK)])
    journal.findings.record([make.decision(mode=Mode.ASK, until=later, revision=1)])
    action = journal.actions.find("act-dec-1")
    assert action is not None
    assert (action.until, action.state) == (to_micros(later), State.REQUESTED)
    journal.findings.record([make.decision(mode=Mode.AUTO, revision=2)])
    assert [change.state for change in changes(journal)] == [State.REQUESTED, State.APPROVED]
    journal.findings.record([make.decision(mode=Mode.AUTO, refused="emergency device", revision=3)])
    assert [change.state for change in changes(journal)][2:] == [State.REFUSED]
    journal.findings.record([make.decision(mode=Mode.AUTO, revision=4)])
    assert len(changes(journal)) == 3


def test_a_stale_revision_does_not_lift(journal: Journal, make: Any) -> None:
    journal.findings.record([make.decision(revision=3)])
    journal.findings.record([make.decision(status="lifted", revision=2)])
    action = journal.actions.find("act-dec-1")
    assert action is not None
    assert action.state is State.APPROVED


def changes(journal: Journal) -> list[Any]:
    return [announcement.change for announcement in journal.actions.unannounced(100)]


@pytest.mark.parametrize("act", [Act.HANG_UP, Act.BACKUP_PBX])
def test_what_cannot_be_undone_has_no_end(journal: Journal, make: Any, act: Act) -> None:
    journal.findings.record([make.decision(action=act)])
    action = journal.actions.find("act-dec-1")
    assert action is not None
    assert action.until is None
    assert not action.undo_due(to_micros(make.AT + timedelta(days=999)))


def test_hostile_text_is_kept(journal: Journal, make: Any) -> None:
    incident = make.incident(HOSTILE, title=HOSTILE, detections=(HOSTILE,), kind="x\x00y")
    target = Subject(SubjectKind.EXTENSION, HOSTILE)
    journal.findings.record(
        [
            make.detection(HOSTILE, summary=HOSTILE),
            incident,
            make.decision(HOSTILE, incident=HOSTILE, target=target),
        ]
    )
    view = journal.incidents.find(HOSTILE)
    assert view is not None
    readable = HOSTILE.replace("\ud800", "\\ud800")
    assert (view.incident.title, view.incident.kind) == (readable, "x\x00y")
    assert [detection.summary for detection in view.detections] == [readable]
    assert [action.target.id for action in view.actions] == [readable]
    assert view.actions[0].id == "act-" + HOSTILE
    assert journal.actions.refuse("act-" + HOSTILE, HOSTILE, HOSTILE, now=1)
    action = journal.actions.find("act-" + HOSTILE)
    assert action is not None
    assert (action.by, action.error) == (HOSTILE, HOSTILE)
