"""Take back something that was done."""

import time
from collections.abc import Callable
from typing import Annotated, TypeVar

import typer

from detector.contract.lifecycle import FINAL, LEFT
from streams.cli.people.actions_command import action_lines, shape_of
from streams.cli.support.desk import (
    AWAY,
    AsJson,
    By,
    NeededConfig,
    Why,
    desk,
    needed_reason,
    person,
    print_lines,
    print_objects,
)
from streams.cli.support.failures import fail
from streams.containment.earning import overturn
from streams.runtime.clock import micros_now
from streams.store.journal.journal import Journal
from streams.store.journal.journal_slips import OrderSlip
from streams.store.rows import ActionRow

EPILOG = """\b
Example:
  ringfence undo -c ringfence.yaml ACTION --why "this was our own test"
The id of an action is what `ringfence actions` shows first.
"""
NOBODY = "withdrawn"
TAKEN_WITHIN_SECONDS = 10.0
LOOK_SECONDS = 0.1

T = TypeVar("T")


def command(
    config_file: NeededConfig,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="Its id.")],
    why: Why,
    by: By = None,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, max=3_600, help="How long to wait until it is undone.")
    ] = 30.0,
    wrong: Annotated[
        bool, typer.Option("--wrong", help="It was wrong: the rules that did it by themselves ask now.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Take back what was done, or what waits, and do not do the same again for a day.

    A running service does it; where none can be reached nothing is changed, and this command fails.
    """
    reason, name = needed_reason(why), person(by)
    with desk(config_file) as at:
        if at.journal.actions.find(action) is None:
            fail(f"ringfence: there is no action {action!r}")
        if not at.at_work:
            fail(f"ringfence: {AWAY}: nothing was changed; start it, or undo it by hand on the PBX")
        slip = give(at.journal, action, name, reason)
        if not slip.done:
            fail("ringfence: nothing was changed: it is over already, or never undone")
        if wrong and (done := at.journal.actions.find(action)) is not None:
            overturn(at.journal, done, by=name, note=reason, now=micros_now())
        row = until(lambda: over(at.journal, action), wait) or at.journal.actions.find(action)
        if row is not None:
            print_objects([shape_of(row)]) if json else print_lines(action_lines(row))
        if row is None or row.state not in FINAL:
            fail("ringfence: it is ordered, and not undone yet; `ringfence actions` shows how far it is")


def give(journal: Journal, action: str, by: str, why: str) -> OrderSlip:
    """Order it, and wait until a service says whether it was in time; withdrawn where nobody takes it."""
    slip_id = journal.slips.put(action, by, why, now=micros_now())
    answered = until(lambda: answer(journal, slip_id), TAKEN_WITHIN_SECONDS)
    if answered is not None:
        return answered
    if journal.slips.take(slip_id, NOBODY):
        fail(f"ringfence: {AWAY}: nobody took the order within {TAKEN_WITHIN_SECONDS:.0f} s, and it is withdrawn")
    answered = until(lambda: answer(journal, slip_id), TAKEN_WITHIN_SECONDS)
    if answered is None:
        fail("ringfence: a service took the order and did not say how it went; `ringfence actions` shows what is so")
    return answered


def answer(journal: Journal, slip_id: int) -> OrderSlip | None:
    """The order, once a service has said whether it was in time."""
    slip = journal.slips.find(slip_id)
    return slip if slip is not None and slip.done is not None else None


def over(journal: Journal, action: str) -> ActionRow | None:
    """The action once it is over, or cannot be taken back."""
    row = journal.actions.find(action)
    done = row is not None and (row.state in FINAL or (row.state in LEFT and row.undo_by is None))
    return row if done else None


def until(look: Callable[[], T | None], patience: float) -> T | None:
    """What `look` returns once it is something, within so many seconds."""
    end = time.monotonic() + patience
    while (found := look()) is None and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    return found
