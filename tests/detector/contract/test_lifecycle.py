"""The life of an action: which states follow which, and that every named set means one thing."""

import ast
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from detector.contract import lifecycle
from detector.contract.lifecycle import BEGINNINGS, FINAL, MOVES, may_follow
from detector.contract.vocabulary import State

ROOT = Path(__file__).parents[3]
SETS = {name: value for name, value in vars(lifecycle).items() if isinstance(value, frozenset)}


def reachable(state: State) -> set[State]:
    found, waiting = {state}, [state]
    while waiting:
        new = MOVES[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def test_every_state_has_its_moves_and_is_reached_from_a_beginning() -> None:
    assert set(MOVES) == set(State)
    assert set().union(*(reachable(state) for state in BEGINNINGS)) == set(State)


@pytest.mark.parametrize("state", State)
def test_every_action_can_come_to_an_end(state: State) -> None:
    assert reachable(state) & FINAL


WAYS = [
    ("done and undone at its end", "approved applying applied confirmed undone", True),
    ("asked for, approved, done", "requested approved applying applied confirmed", True),
    ("refused by a person", "requested refused", True),
    ("refused by the guard at the last gate", "approved refused", True),
    ("in doubt left to a person, and done", "approved requested approved applying", True),
    ("never approved in time", "requested expired", True),
    ("given up before anything was touched", "approved failed", True),
    ("given up half done and taken back", "approved applying applied failed", True),
    ("half done and not taken back", "approved applying undo_failed undone", True),
    ("another holds the same", "confirmed superseded", True),
    ("changed by a person, put back when asked", "confirmed drifted undone", True),
    ("undone before it was done", "approved undone", False),
    ("confirmed without having been applied", "applying confirmed", False),
    ("done without approval", "requested applying", False),
    ("failed after it was confirmed", "confirmed failed", False),
    ("refused after it was begun", "applying refused", False),
    ("expired after it was begun", "applied expired", False),
    ("done again after it was undone", "undone applying", False),
    ("back to where it was asked for", "applying requested", False),
    ("confirmed again by itself after somebody changed it", "drifted confirmed", False),
]


@pytest.mark.parametrize(("way", "legal"), [pytest.param(*case[1:], id=case[0]) for case in WAYS])
def test_ways_through_life(way: str, legal: bool) -> None:
    states = [State(name) for name in way.split()]
    assert all(may_follow(state, then) for state, then in pairwise(states)) is legal


@pytest.mark.parametrize("state", State)
def test_a_step_is_tried_again_only_while_there_is_one(state: State) -> None:
    assert may_follow(state, state) is (state not in FINAL and state is not State.REQUESTED)


def test_no_two_names_mean_the_same() -> None:
    public = {name: value for name, value in SETS.items() if not name.startswith("_")}
    assert [(one, other) for one, other in combinations(public, 2) if public[one] == public[other]] == []


def test_every_name_says_what_it_means() -> None:
    body = ast.parse(Path(lifecycle.__file__).read_text()).body
    named = {
        node.target.id: isinstance(then, ast.Expr) and isinstance(then.value, ast.Constant)
        for node, then in zip(body, [*body[1:], None], strict=True)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and not node.target.id.startswith("_")
    }
    assert named == dict.fromkeys(SETS.keys() | {"MOVES"}, True)


def test_nobody_else_keeps_a_set_of_states() -> None:
    """Two states in one set, list or tuple, anywhere but here, would be a second meaning of something."""
    code = [path for folder in ("detector", "models", "streams") for path in sorted((ROOT / folder).rglob("*.py"))]
    kept = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in code
        if path != Path(lifecycle.__file__)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Set | ast.List | ast.Tuple) and sum(map(is_state, node.elts)) > 1
    ]
    assert kept == []


def is_state(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "State"
