"""Leads an action of a test to a state the way it would really come there."""

from collections import deque
from itertools import pairwise

from detector.contract.lifecycle import MOVES
from detector.contract.vocabulary import State
from streams.store.journal.journal import Journal


def path(state: State, then: State) -> list[State]:
    """The shortest way from one state to another, both included."""
    ways = deque([[state]])
    while ways:
        way = ways.popleft()
        if way[-1] is then:
            return way
        ways.extend([*way, after] for after in sorted(MOVES[way[-1]]) if after not in way)
    raise AssertionError(f"no way from {state} to {then}")


def lead(journal: Journal, action_id: str, then: State, *, now: int = 1, by: str = "executor") -> None:
    """Move an action on, step by step, until it is in the state `then`."""
    row = journal.actions.find(action_id)
    assert row is not None
    for was, will in pairwise(path(row.state, then)):
        assert journal.actions.move(action_id, {was}, will, by=by, now=now), (was, will)
