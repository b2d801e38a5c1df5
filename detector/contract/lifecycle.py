"""The life of an action: its states, which may follow which, and every set of them that somebody decides by.

No set is defined anywhere else: engine, journal, executor, messages and console mean the same by the same name.
"""

from collections.abc import Mapping
from typing import Final

from detector.contract.vocabulary import MessageState, State

LEFT: Final = frozenset({State.DRIFTED, State.UNDO_FAILED})
"""Left as it is: undone only when a person asks, each time anew."""

_TAKEN_BACK: Final = (State.UNDONE, State.SUPERSEDED)

MOVES: Final[Mapping[State, frozenset[State]]] = {
    State.REQUESTED: frozenset({State.APPROVED, State.REFUSED, State.EXPIRED}),
    State.APPROVED: frozenset({State.APPLYING, State.REQUESTED, State.REFUSED, State.EXPIRED, State.FAILED}),
    State.APPLYING: frozenset({State.APPLIED, State.FAILED, *_TAKEN_BACK, *LEFT}),
    State.APPLIED: frozenset({State.CONFIRMED, State.FAILED, *_TAKEN_BACK, *LEFT}),
    State.CONFIRMED: frozenset({*_TAKEN_BACK, *LEFT}),
    State.DRIFTED: frozenset({*_TAKEN_BACK, State.UNDO_FAILED}),
    State.UNDO_FAILED: frozenset({*_TAKEN_BACK, State.DRIFTED}),
    State.UNDONE: frozenset(),
    State.REFUSED: frozenset(),
    State.FAILED: frozenset(),
    State.EXPIRED: frozenset(),
    State.SUPERSEDED: frozenset(),
}
"""What may follow a state. The same state once more is no move but another attempt: see `may_follow`.

What is approved is asked for again where its budget is spent, and what policy approved also where acting by ourselves
is held back: a person, or time, makes room.
"""

BEGINNINGS: Final = frozenset({State.REQUESTED, State.APPROVED, State.REFUSED})
"""What an action may begin as: asked for, approved by policy, or refused by the guard at once."""

FINAL: Final = frozenset(state for state, then in MOVES.items() if not then)
"""Over: nothing is left of it and nothing follows."""

UNTOUCHED: Final = frozenset({State.REQUESTED, State.APPROVED})
"""Nothing was touched yet: it can still be refused, and taking it back only lets it expire."""

TO_APPLY: Final = frozenset({State.APPROVED, State.APPLYING})
"""Approved, and still to be applied."""

TO_DO: Final = frozenset({*TO_APPLY, State.APPLIED})
"""On its way: the executor works at it until it is confirmed or over."""

BEGUN: Final = frozenset({State.APPLYING, State.APPLIED})
"""Perhaps done in part or whole, and not confirmed: if it fails now, what was begun is taken back first."""

STANDS: Final = LEFT | {State.CONFIRMED}
"""The attempt to do it is over, and it may still be there: taken back at its end or when somebody asks."""

TOUCHED: Final = BEGUN | STANDS
"""The PBX or an enforcer may hold something of it."""

MAY_BE_OURS: Final = TOUCHED - {State.DRIFTED}
"""What stands there may be ours, and not what stood there before; what has drifted is a person's by now."""

HELD: Final = frozenset({*BEGUN, State.CONFIRMED})
"""Being put in force, or in force as we put it: taken back by itself when its decision is lifted."""

IN_FORCE: Final = frozenset({State.APPLIED, State.CONFIRMED, State.UNDO_FAILED})
"""In force as far as we know: it counts as blocked, stands in the feed, and is compared with what is really there."""

CAN_BE_UNDONE: Final = frozenset({State.APPLIED, *STANDS})
"""A person is offered to undo it."""

NOT_YET: Final = frozenset({State.REQUESTED, *TO_APPLY})
"""May still be done, and is not yet: who waits for it waits on."""

UNFINISHED: Final = frozenset(MOVES) - FINAL - {State.REQUESTED}
"""Somebody has still something to do with it: it is kept however old it is, and each step may be tried again."""

SPENDS: Final = TOUCHED | {State.UNDONE}
"""Counts against the budget of its kind: it was done, whatever came of it, and not in the place of another."""

BROKEN: Final = LEFT | {State.FAILED}
"""Not as it was meant to be: people are told."""

BY_HAND: Final = frozenset({State.FAILED, State.UNDO_FAILED})
"""Ringfence could not do it, or not undo it: a person has to, on the PBX. What drifted a person changed already."""

OVERTURNED: Final = frozenset({*_TAKEN_BACK, State.EXPIRED})
"""A person who brought it there by name has overturned the decision: it is not made again for a while."""

SETTLED: Final = FINAL | {State.CONFIRMED, State.UNDO_FAILED}
"""What was to be waited for has come: an incident is contained when all of its actions are here.

What drifted is not: it does not protect as we put it.
"""

UNDELIVERED: Final = frozenset({MessageState.FAILED, MessageState.INTERRUPTED})
"""A message that did not go out, or of which nobody knows whether it did: people are shown it."""


def may_come_after(state: str, then: str) -> bool:
    """Whether an action that was in `state` can be in `then` later, over whatever moves; a word we do not know can."""
    if state not in _LATER or then not in MOVES:
        return True
    return then == state or then in _LATER[State(state)]


def may_follow(state: State, then: State) -> bool:
    """Whether an action in `state` may be given the state `then`; the same one again is another attempt at a step."""
    return then in MOVES[state] or (then is state and state in UNFINISHED)


def _find_later() -> dict[State, frozenset[State]]:
    later = dict(MOVES)
    for _ in State:  # no way is longer than there are states
        later = {state: then.union(*(later[each] for each in then)) for state, then in later.items()}
    return later


_LATER: Final = _find_later()
