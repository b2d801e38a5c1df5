"""Leases of PBXs: one owner at a time, an older one is fenced, and nothing waits for the dead."""

import time

import pytest
from sqlalchemy import Engine, text

from detector.contract.vocabulary import State
from streams.store.journal.journal import Journal
from streams.store.rows import NotificationRow
from streams.store.store_errors import Fenced
from tests.streams.store.conftest import Make

PBXS = ("a", "b", "c")
LONG, SHORT = 60.0, 0.05


@pytest.fixture
def two(journal: Journal) -> Journal:
    """With two gateways at work."""
    assert journal.leases.attend("one", PBXS, LONG) == 1
    assert journal.leases.attend("two", PBXS, LONG) == 2
    return journal


def test_a_pbx_has_one_owner_until_the_lease_ends(two: Journal) -> None:
    assert two.leases.take("one", PBXS, LONG, 2) == {"a": 1, "b": 1}
    assert two.leases.take("two", PBXS, LONG, 3) == {"c": 1}
    assert two.leases.take("two", PBXS, LONG, 3) == {}
    assert {row.pbx: (row.owner, row.held) for row in two.leases.all()} == {
        "a": ("one", True), "b": ("one", True), "c": ("two", True),
    }  # fmt: skip


def test_a_lease_that_ran_out_goes_to_the_next_with_a_higher_fence(two: Journal) -> None:
    held = two.leases.take("one", PBXS, SHORT, 3)
    time.sleep(2 * SHORT)
    assert two.leases.take("two", ["a"], LONG, 3) == {"a": 2}
    assert two.leases.renew("one", held, LONG) == {"b", "c"}, "what nobody took meanwhile may still be prolonged"
    with pytest.raises(Fenced):
        two.leases.save_login("one", "a", 1, b"stale")
    two.leases.save_statuses("one", {"a": (1, b"stale"), "b": (1, b"fine")})
    assert (two.leases.status("a"), two.leases.status("b")) == (None, b"fine")
    two.leases.save_login("two", "a", 2, b"fresh")
    assert two.leases.login("a") == b"fresh"


def test_the_same_owner_with_an_old_fence_is_fenced_too(two: Journal) -> None:
    two.leases.take("one", ["a"], SHORT, 1)
    time.sleep(2 * SHORT)
    assert two.leases.take("one", ["a"], LONG, 1) == {"a": 2}
    assert two.leases.renew("one", {"a": 1}, LONG) == set()
    two.leases.give_up("one", "a", 1)
    assert two.leases.all()[0].held


def test_what_is_given_up_is_free_at_once(two: Journal) -> None:
    two.leases.take("one", PBXS, LONG, 3)
    two.leases.give_up("one", "b", 1)
    assert two.leases.take("two", PBXS, LONG, 3) == {"b": 2}
    two.leases.depart("one")
    assert two.leases.take("two", PBXS, LONG, 3) == {"a": 2, "c": 2}
    assert two.leases.attend("two", PBXS, LONG) == 1


def test_who_is_not_heard_of_is_not_counted(journal: Journal) -> None:
    journal.leases.attend("one", PBXS, SHORT)
    time.sleep(2 * SHORT)
    assert journal.leases.attend("two", PBXS, LONG) == 1


def test_what_the_dead_one_was_doing_is_free_with_its_pbx(journal: Journal, make: Make) -> None:
    journal.findings.record([make.incident(), make.decision(), make.incident("inc-2", pbx="branch")])
    for name in ("1", "2"):
        journal.notifications.enqueue([NotificationRow(
            id=f"ntf-{name}", incident=f"inc-{name}", channel="ops", revision=0, reason="opened", severity="critical",
            title="", text="", created_at=0,
        )])  # fmt: skip
    journal.notifications.claim("one", 0, 10_000, 10)
    journal.leases.attend("one", ["hq"], LONG)
    journal.leases.take("one", ["hq"], SHORT, 1)
    (row,) = journal.actions.claim("one", 0, 10_000, 10, ["hq"])
    assert journal.actions.claim("two", 0, 10_000, 10, ["hq"]) == []
    time.sleep(2 * SHORT)
    assert journal.leases.take("two", ["hq"], LONG, 1) == {"hq": 2}
    assert not journal.actions.move(row.id, {State.APPROVED}, State.APPLYING, by="executor", now=1, owner="one")
    assert [again.id for again in journal.actions.claim("two", 0, 10_000, 10, ["hq"])] == [row.id]
    interrupted = journal.notifications.interrupted("nobody", 0)
    assert [message.id for message in interrupted] == ["ntf-1"], "that of another PBX is still being sent"


def test_incidents_written_since_are_told_with_their_revision(journal: Journal, make: Make, engine: Engine) -> None:
    journal.findings.record([make.incident("inc-1"), make.incident("inc-2", pbx="other")])
    assert {(one.id, one.revision) for one in journal.incidents.written(0)} == {("inc-1", 0), ("inc-2", 0)}
    assert {one.id for one in journal.incidents.written(0, ["hq"])} == {"inc-1"}
    with engine.begin() as connection:
        connection.execute(text("UPDATE incident SET written = 5"))
    journal.findings.record([make.incident("inc-1", revision=1), make.incident("inc-2", pbx="other")])
    (one,) = journal.incidents.written(6)
    assert (one.id, one.revision) == ("inc-1", 1)
    assert abs(one.written / 1_000_000 - time.time()) < 60
