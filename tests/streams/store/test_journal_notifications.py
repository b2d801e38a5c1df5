"""Messages are taken once, and after a crash nobody pretends to know."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace

from detector.contract.vocabulary import MessageState
from streams.store.journal.journal import Journal
from streams.store.rows import NotificationRow

SECOND = 1_000_000
ROW = NotificationRow(
    id="n-1", incident=None, channel="mail", revision=0, reason="opened", severity="critical",
    title="half \ud800 NUL \x00", text="\\x00", created_at=5,
)  # fmt: skip


def test_known_messages_change_nothing(journal: Journal, make: Any) -> None:
    journal.findings.record([make.incident()])
    row = replace(ROW, incident="inc-1")
    journal.notifications.enqueue([row, replace(row, title="other")])
    journal.notifications.enqueue([replace(row, title="again")])
    journal.notifications.enqueue([])
    view = journal.incidents.find("inc-1")
    assert view is not None
    assert view.notifications == [row]


def test_messages_go_out_oldest_first_and_once(journal: Journal) -> None:
    journal.notifications.enqueue([replace(ROW, id=f"n-{n}", created_at=100 - n) for n in range(3)])
    first = journal.notifications.claim("one", 100, 30, 2)
    assert [(row.id, row.state, row.attempts) for row in first] == [
        ("n-2", MessageState.SENDING, 1),
        ("n-1", MessageState.SENDING, 1),
    ]
    assert [row.id for row in journal.notifications.claim("two", 100, 30, 9)] == ["n-0"]
    assert journal.notifications.claim("two", 100, 30, 9) == []


def test_many_notifiers_get_each_message_once(journal: Journal) -> None:
    journal.notifications.enqueue([replace(ROW, id=f"n-{n:02}") for n in range(40)])

    def claim(owner: int) -> list[str]:
        mine: list[str] = []
        while claimed := journal.notifications.claim(f"notifier {owner}", 10, 30, 3):
            mine += [row.id for row in claimed]
        return mine

    with ThreadPoolExecutor(4) as pool:
        claimed = [row_id for ids in pool.map(claim, range(4)) for row_id in ids]
    assert sorted(claimed) == [f"n-{n:02}" for n in range(40)]


def test_a_message_is_tried_again_when_due_then_sent(journal: Journal) -> None:
    journal.notifications.enqueue([ROW])
    journal.notifications.claim("one", 10, 30, 9)
    assert journal.notifications.finish(["n-1"], MessageState.PENDING, now=11, error="timeout", next_try_at=20)
    assert journal.notifications.claim("one", 19, 30, 9) == []
    [row] = journal.notifications.claim("one", 20, 30, 9)
    assert (row.attempts, row.error) == (2, "timeout")
    assert journal.notifications.finish(["n-1"], MessageState.SENT, now=21)
    assert not journal.notifications.finish(["n-1"], MessageState.FAILED, now=22)
    assert journal.notifications.claim("one", 999, 30, 9) == []


def test_a_newer_message_supersedes_a_waiting_one(journal: Journal) -> None:
    journal.notifications.enqueue([ROW])
    assert journal.notifications.finish(["n-1"], MessageState.SUPERSEDED, now=1, from_states={MessageState.PENDING})
    assert journal.notifications.claim("one", 10, 30, 9) == []


def test_a_message_does_not_end_in_an_unknown_state(journal: Journal) -> None:
    with pytest.raises(ValueError, match="delivered"):
        journal.notifications.finish(["n-1"], "delivered", now=1)


def test_what_was_being_sent_in_a_crash_is_interrupted(journal: Journal) -> None:
    journal.notifications.enqueue([replace(ROW, id=f"n-{n}") for n in range(3)])
    for owner in ("one", "two", "three"):
        journal.notifications.claim(owner, 0, 30 if owner == "two" else 60, 1)
    assert [row.id for row in journal.notifications.interrupted("one", 30 * SECOND - 1)] == ["n-0"]
    assert [row.id for row in journal.notifications.interrupted("one", 30 * SECOND)] == ["n-0", "n-1"]
    assert {row.id for row in journal.incidents.failures(0).notifications} == {"n-0", "n-1"}
    assert journal.notifications.finish(["n-0"], MessageState.PENDING, now=1)
    assert [row.id for row in journal.notifications.interrupted("one", 30 * SECOND)] == ["n-1"]
    assert [row.id for row in journal.notifications.claim("one", 1, 30, 9)] == ["n-0"]
