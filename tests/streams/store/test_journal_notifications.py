"""Messages are taken once, and after a crash nobody pretends to know."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace

from streams.store.journal.journal import Journal
from streams.store.rows import NotificationRow

SECOND = 1_000_000
ROW = NotificationRow(
    id="n-1", incident=None, channel="mail", revision=0, reason="opened", severity="critical",
    title="half \ud800 NUL \x00", text="\\x00", created_at=5,
)  # fmt: skip


def test_known_messages_change_nothing(journal: Journal, make: Any) -> None:
    journal.record([make.incident()])
    row = replace(ROW, incident="inc-1")
    journal.enqueue_notifications([row, replace(row, title="other")])
    journal.enqueue_notifications([replace(row, title="again")])
    journal.enqueue_notifications([])
    view = journal.incident("inc-1")
    assert view is not None
    assert view.notifications == [row]


def test_messages_go_out_oldest_first_and_once(journal: Journal) -> None:
    journal.enqueue_notifications([replace(ROW, id=f"n-{n}", created_at=100 - n) for n in range(3)])
    first = journal.claim_notifications("one", 100, 30, 2)
    assert [(row.id, row.state, row.attempts) for row in first] == [
        ("n-2", "sending", 1),
        ("n-1", "sending", 1),
    ]
    assert [row.id for row in journal.claim_notifications("two", 100, 30, 9)] == ["n-0"]
    assert journal.claim_notifications("two", 100, 30, 9) == []


def test_many_notifiers_get_each_message_once(journal: Journal) -> None:
    journal.enqueue_notifications([replace(ROW, id=f"n-{n:02}") for n in range(40)])

    def claim(owner: int) -> list[str]:
        mine: list[str] = []
        while claimed := journal.claim_notifications(f"notifier {owner}", 10, 30, 3):
            mine += [row.id for row in claimed]
        return mine

    with ThreadPoolExecutor(4) as pool:
        claimed = [row_id for ids in pool.map(claim, range(4)) for row_id in ids]
    assert sorted(claimed) == [f"n-{n:02}" for n in range(40)]


def test_a_message_is_tried_again_when_due_then_sent(journal: Journal) -> None:
    journal.enqueue_notifications([ROW])
    journal.claim_notifications("one", 10, 30, 9)
    assert journal.finish_notification("n-1", "pending", now=11, error="timeout", next_try_at=20)
    assert journal.claim_notifications("one", 19, 30, 9) == []
    [row] = journal.claim_notifications("one", 20, 30, 9)
    assert (row.attempts, row.error) == (2, "timeout")
    assert journal.finish_notification("n-1", "sent", now=21)
    assert not journal.finish_notification("n-1", "failed", now=22)
    assert journal.claim_notifications("one", 999, 30, 9) == []


def test_a_newer_message_supersedes_a_waiting_one(journal: Journal) -> None:
    journal.enqueue_notifications([ROW])
    assert journal.finish_notification("n-1", "superseded", now=1, from_states={"pending"})
    assert journal.claim_notifications("one", 10, 30, 9) == []


def test_a_message_does_not_end_in_an_unknown_state(journal: Journal) -> None:
    with pytest.raises(ValueError, match="delivered"):
        journal.finish_notification("n-1", "delivered", now=1)


def test_what_was_being_sent_in_a_crash_is_interrupted(journal: Journal) -> None:
    journal.enqueue_notifications([replace(ROW, id=f"n-{n}") for n in range(3)])
    for owner in ("one", "two", "three"):
        journal.claim_notifications(owner, 0, 30 if owner == "two" else 60, 1)
    assert [row.id for row in journal.interrupted_notifications("one", 30 * SECOND - 1)] == ["n-0"]
    assert [row.id for row in journal.interrupted_notifications("one", 30 * SECOND)] == ["n-0", "n-1"]
    assert {row.id for row in journal.failures().notifications} == {"n-0", "n-1"}
    assert journal.finish_notification("n-0", "pending", now=1)
    assert [row.id for row in journal.interrupted_notifications("one", 30 * SECOND)] == ["n-1"]
    assert [row.id for row in journal.claim_notifications("one", 1, 30, 9)] == ["n-0"]
