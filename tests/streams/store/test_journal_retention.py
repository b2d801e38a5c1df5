"""What is old and over goes, what stands or is open stays."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, text

from detector.contract.codec import to_micros
from detector.contract.vocabulary import Act, State, Status
from streams.store.journal.journal import Journal
from streams.store.rows import NotificationRow
from tests.lives import lead


def test_closed_and_old_goes_with_all_that_belongs_to_it(journal: Journal, make: Any, engine: Engine) -> None:
    before = to_micros(make.AT + timedelta(minutes=1))
    for n, (status, minutes) in enumerate(
        [(Status.CLOSED, 0), (Status.MERGED, 0), (Status.OPEN, 0), (Status.CLOSED, 1)]
    ):
        at = make.AT + timedelta(minutes=minutes)
        journal.findings.record(
            [
                make.detection(f"det-{n}", at=at),
                make.incident(f"inc-{n}", status=status, at=at, detections=(f"det-{n}",)),
                make.decision(f"dec-{n}", incident=f"inc-{n}"),
            ]
        )
        journal.actions.request_undo(f"act-dec-{n}", "anna", now=1)
        journal.notifications.enqueue([message(n)])
        journal.remarks.add(f"inc-{n}", by="anna", about="closed", text=f"remark {n}", now=1)
    journal.findings.record([make.detection("alone"), make.detection("new", at=make.AT + timedelta(minutes=1))])
    assert journal.retention.forget(before) == 2
    kept = {
        "incident": ["inc-2", "inc-3"],
        "decision": ["dec-2", "dec-3"],
        "action": ["act-dec-2", "act-dec-3"],
        "notification": ["n-2", "n-3"],
        "detection": ["det-2", "det-3", "new"],
    }
    with engine.connect() as connection:
        for table, ids in kept.items():
            found = connection.execute(text(f"SELECT id FROM {table} ORDER BY id")).scalars()  # noqa: S608 - names above
            assert list(found) == ids
        assert connection.execute(text("SELECT count(*) FROM action_history")).scalar_one() == 4
        said = connection.execute(text("SELECT incident_id FROM remark ORDER BY incident_id")).scalars()
        assert list(said) == ["inc-2", "inc-3"]
    assert journal.retention.forget(before) == 0


def message(n: int) -> NotificationRow:
    return NotificationRow(id=f"n-{n}", incident=f"inc-{n}", channel="mail", revision=0, reason="opened",
                           severity="critical", title="t", text="x", created_at=1)  # fmt: skip


def test_an_incident_with_a_block_that_stands_stays(journal: Journal, make: Any) -> None:
    before = to_micros(make.AT) + 1
    journal.findings.record([make.incident(status=Status.CLOSED), make.decision()])
    lead(journal, "act-dec-1", State.CONFIRMED)
    assert journal.retention.forget(before) == 0
    journal.actions.move("act-dec-1", {State.CONFIRMED}, State.UNDONE, by="x", now=1)
    assert journal.retention.forget(before) == 1


def test_a_call_that_was_hung_up_keeps_nothing(journal: Journal, make: Any) -> None:
    journal.findings.record([make.incident(status=Status.CLOSED), make.decision(action=Act.HANG_UP)])
    lead(journal, "act-dec-1", State.CONFIRMED)
    assert journal.retention.forget(to_micros(make.AT) + 1) == 1
