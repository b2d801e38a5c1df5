"""Actions are leased to one executor at a time, and every change of state leaves its line."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from detector.contract.codec import to_micros
from detector.contract.lifecycle import may_follow
from detector.contract.vocabulary import Act, Mode, State
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow
from tests.lives import lead

SECOND = 1_000_000
HOUR = 3_600 * SECOND
ID = "act-dec-1"


@pytest.fixture
def now(make: Any) -> int:
    return to_micros(make.AT)


def walk(journal: Journal, now: int, *states: State) -> None:
    for state in states:
        lead(journal, ID, state, now=now)


def get(journal: Journal, action_id: str = ID) -> ActionRow:
    action = journal.actions.find(action_id)
    assert action is not None
    return action


def test_a_lease_keeps_others_away_until_it_ends(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision()])
    [action] = journal.actions.claim("one", now, 30, 10)
    assert action == get(journal)
    assert journal.actions.claim("two", now + 30 * SECOND - 1, 30, 10) == []
    assert journal.actions.claim("one", now, 30, 10) == []
    assert [a.id for a in journal.actions.claim("two", now + 30 * SECOND, 30, 10)] == [ID]


def test_who_starts_anew_gets_his_own_back_at_once(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision()])
    journal.actions.claim("one", now, 30, 10)
    journal.actions.release("two")
    assert journal.actions.claim("one", now, 30, 10) == []
    journal.actions.release("one")
    assert len(journal.actions.claim("one", now, 30, 10)) == 1


def test_many_executors_get_each_action_once(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision(f"dec-{n:02}") for n in range(40)])

    def claim(owner: int) -> list[str]:
        mine: list[str] = []
        while claimed := journal.actions.claim(f"executor {owner}", now, 30, 3):
            mine += [action.id for action in claimed]
        return mine

    with ThreadPoolExecutor(4) as pool:
        claimed = [action_id for ids in pool.map(claim, range(4)) for action_id in ids]
    assert sorted(claimed) == [f"act-dec-{n:02}" for n in range(40)]


def test_only_of_the_pbxs_one_owns(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision(), make.decision("dec-2", pbx="branch")])
    assert [a.id for a in journal.actions.claim("x", now, 30, 10, pbxs={"branch"})] == ["act-dec-2"]
    assert journal.actions.claim("x", now, 30, 10, pbxs=set()) == []


@pytest.mark.parametrize(
    ("states", "at", "claimed"),
    [
        ((), 0, True),
        ((State.APPLYING,), 0, True),
        ((State.APPLYING, State.APPLIED), 0, True),
        ((State.CONFIRMED,), HOUR - 1, False),
        ((State.CONFIRMED,), HOUR, True),
        ((State.UNDONE,), HOUR, False),
        ((State.FAILED,), HOUR, False),
        ((State.DRIFTED,), HOUR, False),
        ((State.UNDO_FAILED,), HOUR, False),
        ((State.SUPERSEDED,), HOUR, False),
    ],
)
def test_what_is_to_be_done(
    journal: Journal, make: Any, now: int, states: tuple[State, ...], at: int, claimed: bool
) -> None:
    journal.findings.record([make.decision()])
    walk(journal, now, *states)
    assert bool(journal.actions.claim("x", now + at, 30, 10)) == claimed


def test_what_is_not_undone_is_never_claimed_again(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision(action=Act.HANG_UP)])
    walk(journal, now, State.CONFIRMED)
    assert not journal.actions.request_undo(ID, "anna", now=now)
    assert journal.actions.claim("x", now + 9 * HOUR, 30, 10) == []


def test_what_is_still_to_be_applied_comes_first(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision()])
    walk(journal, now, State.CONFIRMED)
    journal.findings.record([make.decision("dec-2", at=make.AT + timedelta(minutes=1))])
    assert [a.id for a in journal.actions.claim("x", now + HOUR, 30, 1)] == ["act-dec-2"]


@pytest.mark.parametrize("state", State)
def test_a_move_that_cannot_be_is_refused(journal: Journal, make: Any, now: int, state: State) -> None:
    for then in State:
        journal.findings.record([make.decision(f"dec-{then}", mode=Mode.ASK)])
        name = f"act-dec-{then}"
        lead(journal, name, state, now=now)
        before = get(journal, name)
        if may_follow(state, then):
            assert journal.actions.move(name, {state}, then, by="x", now=now)
            assert get(journal, name).state is then
            continue
        for states in ({state}, {state, State.APPLYING, State.APPLIED}):
            with pytest.raises(ValueError, match=f"cannot become {then}"):
                journal.actions.move(name, states, then, by="x", now=now)
        assert get(journal, name) == before


def test_a_move_from_another_state_changes_nothing(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision()])
    before = get(journal)
    assert not journal.actions.move(ID, {State.APPLYING}, State.APPLIED, by="x", now=now, before=b"x")
    assert not journal.actions.move("act-unknown", {State.APPROVED}, State.APPLYING, by="x", now=now)
    assert get(journal) == before
    assert len(journal.actions.unannounced(10)) == 1


def test_a_move_without_the_lease_changes_nothing(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision()])
    journal.actions.claim("one", now, 1, 10)
    journal.actions.claim("two", now + SECOND, 30, 10)
    assert not journal.actions.move(ID, {State.APPROVED}, State.APPLYING, by="one", now=now, owner="one")
    assert journal.actions.move(ID, {State.APPROVED}, State.APPLYING, by="two", now=now, owner="two")


def test_a_move_keeps_or_ends_the_lease(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision()])
    journal.actions.claim("one", now, 30, 10)
    journal.actions.move(ID, {State.APPROVED}, State.APPLYING, by="one", now=now, release=False)
    assert journal.actions.claim("two", now, 30, 10) == []
    journal.actions.move(ID, {State.APPLYING}, State.APPLIED, by="one", now=now)
    assert len(journal.actions.claim("two", now, 30, 10)) == 1


def test_what_stood_there_is_kept_from_the_first_time(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision()])
    journal.actions.move(ID, {State.APPROVED}, State.APPLYING, by="x", now=now, before=b"\x00original")
    journal.actions.move(ID, {State.APPLYING}, State.APPLYING, by="x", now=now, before=b"our own", handle="h")
    assert (get(journal).before, get(journal).handle) == (b"\x00original", "h")


def test_a_retry_counts_and_waits_and_writes_no_history(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision()])
    journal.actions.claim("x", now, 30, 10)
    walk(journal, now, State.APPLYING)
    again = now + 5 * SECOND
    assert journal.actions.move(
        ID, {State.APPLYING}, State.APPLYING, by="x", now=now, error="busy" * 999, next_try_at=again
    )
    action = get(journal)
    assert (action.attempt, action.next_try_at, len(action.error or "")) == (2, again, 1_024)
    assert journal.actions.claim("x", again - 1, 30, 10) == []
    assert len(journal.actions.claim("x", again, 30, 10)) == 1
    assert [a.change.n for a in journal.actions.unannounced(10)] == [1, 2]


def test_every_change_is_announced_once_and_in_order(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision()])
    walk(journal, now + 7, State.APPLYING, State.APPLIED)
    announcements = journal.actions.unannounced(10)
    assert [(a.change.n, a.change.before, a.change.state, a.change.at, a.change.by) for a in announcements] == [
        (1, None, State.APPROVED, now, "policy"),
        (2, State.APPROVED, State.APPLYING, now + 7, "executor"),
        (3, State.APPLYING, State.APPLIED, now + 7, "executor"),
    ]
    assert [a.action for a in announcements] == [get(journal)] * 3
    assert [a.change.n for a in journal.actions.unannounced(2)] == [1, 2]
    journal.actions.announced([a.change.seq for a in announcements[:2]])
    assert [a.change.n for a in journal.actions.unannounced(10)] == [3]
    journal.actions.announced([])
    assert len(journal.actions.unannounced(10)) == 1


def test_a_person_approves_or_refuses_once(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision(mode=Mode.ASK), make.decision("dec-2", mode=Mode.ASK)])
    assert journal.actions.claim("x", now, 30, 10) == []
    assert journal.actions.approve(ID, "anna", now=now)
    assert not journal.actions.approve(ID, "bert", now=now)
    assert (get(journal).state, get(journal).by) == (State.APPROVED, "anna")
    assert journal.actions.refuse("act-dec-2", "bert", "known", now=now)
    assert not journal.actions.approve("act-dec-2", "anna", now=now)
    refused = get(journal, "act-dec-2")
    assert (refused.state, refused.by, refused.error) == (State.REFUSED, "bert", "known")


def test_what_was_applied_cannot_be_refused(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision()])
    walk(journal, now, State.APPLYING)
    assert not journal.actions.refuse(ID, "anna", "no", now=now)


@pytest.mark.parametrize("state", [State.APPLYING, State.APPLIED, State.CONFIRMED, State.DRIFTED, State.UNDO_FAILED])
def test_a_person_undoes_before_time(journal: Journal, make: Any, now: int, state: State) -> None:
    journal.findings.record([make.decision()])
    walk(journal, now, state)
    assert journal.actions.request_undo(ID, "anna", now=now)
    [action] = journal.actions.claim("x", now, 30, 10)
    assert (action.state, action.undo_by) == (state, "anna")


def test_a_failed_undo_waits_until_somebody_asks_again(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision()])
    walk(journal, now, State.CONFIRMED)
    journal.actions.request_undo(ID, "anna", now=now)
    assert journal.actions.move(ID, {State.CONFIRMED}, State.UNDO_FAILED, by="x", now=now, error="gone")
    assert journal.actions.claim("x", now + 9 * HOUR, 30, 10) == []
    assert journal.actions.request_undo(ID, "bert", now=now)
    assert len(journal.actions.claim("x", now, 30, 10)) == 1


def test_undoing_what_never_happened_expires_it(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision()])
    assert journal.actions.request_undo(ID, "anna", now=now)
    assert (get(journal).state, get(journal).by) == (State.EXPIRED, "anna")
    assert not journal.actions.request_undo(ID, "anna", now=now)
    assert not journal.actions.request_undo("act-unknown", "anna", now=now)


def test_requests_end_with_their_decision(journal: Journal, make: Any, now: int) -> None:
    journal.findings.record([make.decision(mode=Mode.ASK), make.decision("dec-2")])
    assert journal.actions.expire(now + HOUR - 1) == 0
    assert journal.actions.expire(now + HOUR) == 1
    assert get(journal).state is State.EXPIRED
    assert get(journal, "act-dec-2").state is State.APPROVED


def test_blocks_that_stand_and_what_failed(journal: Journal, make: Any, now: int) -> None:
    states = [State.APPLYING, State.APPLIED, State.CONFIRMED, State.UNDONE, State.UNDO_FAILED, State.FAILED]
    journal.findings.record([make.incident()])
    for n, state in enumerate(states):
        journal.findings.record([make.decision(f"dec-{n}", pbx=f"pbx-{n % 2}")])
        lead(journal, f"act-dec-{n}", state, now=now)
    journal.findings.record([make.decision("dec-8", action=Act.LOCK_ROUTE), make.decision("dec-9", action=Act.HANG_UP)])
    for n in (8, 9):
        lead(journal, f"act-dec-{n}", State.CONFIRMED, now=now)
    blocks = journal.actions.active_blocks()
    assert {kind: [action.id for action in actions] for kind, actions in blocks.items()} == {
        Act.BLOCK_IP: ["act-dec-1", "act-dec-2", "act-dec-4"],
        Act.LOCK_ROUTE: ["act-dec-8"],
    }
    assert [action.id for action in journal.actions.active_blocks(["pbx-1"])[Act.BLOCK_IP]] == ["act-dec-1"]
    assert {action.id for action in journal.incidents.failures(0).actions} == {"act-dec-4", "act-dec-5"}
    assert {action.id for action in journal.actions.in_states({State.UNDONE}, 10)} == {"act-dec-3"}


def test_who_starts_anew_does_not_wait_with_what_is_to_be_undone(journal: Journal, make: Any) -> None:
    now = to_micros(make.AT)
    journal.findings.record([make.decision()])
    lead(journal, ID, State.CONFIRMED, now=now)
    journal.actions.request_undo(ID, "anna", now=now)
    later = now + 60_000_000
    journal.actions.move(ID, {State.CONFIRMED}, State.CONFIRMED, by="x", now=now, error="away", next_try_at=later)
    assert journal.actions.claim("one", now, 10, 10) == []
    journal.actions.release("one")
    assert [action.id for action in journal.actions.claim("one", now, 10, 10)] == [ID]


def test_waiting_is_no_attempt_and_ends_with_the_next_move(journal: Journal, make: Any) -> None:
    journal.findings.record([make.decision()])
    lead(journal, ID, State.APPLIED, now=7)
    for _ in range(3):
        assert journal.actions.move(ID, {State.APPLIED}, State.APPLIED, by="x", now=8, error="w", waits=True)
    row = journal.actions.find(ID)
    assert row is not None
    assert (row.waits, row.attempt, row.begun_at) == (True, 1, 7)
    journal.actions.move(ID, {State.APPLIED}, State.CONFIRMED, by="x", now=9)
    row = journal.actions.find(ID)
    assert row is not None
    assert (row.waits, row.begun_at) == (False, 7)
