"""List what was done, waits or stands."""

from collections.abc import Iterator
from typing import Annotated

import typer

from detector.contract.codec import from_micros
from detector.contract.lifecycle import FINAL, MOVES
from detector.contract.vocabulary import State
from detector.decide.acts import ACTS, said
from detector.decide.blast import sentences
from detector.decide.brakes import Brake, scope
from streams.cli.support.desk import AsJson, Most, NeededConfig, desk, known_pbx, moment, print_lines, print_objects
from streams.cli.support.failures import WRONG_USAGE, fail
from streams.runtime.clock import micros_now
from streams.store.rows import ActionRow

EPILOG = """\b
Examples:
  ringfence actions -c ringfence.yaml
  ringfence actions -c ringfence.yaml --state requested --json
"""


def command(
    config_file: NeededConfig,
    pbx: Annotated[str | None, typer.Option(metavar="ID", help="On this PBX only.")] = None,
    state: Annotated[list[str] | None, typer.Option(metavar="STATE", help="In this state; may be repeated.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="What is over, too.")] = False,
    most: Most = 50,
    json: AsJson = False,
) -> None:
    """List actions, newest first: those that wait for approval, are under way or stand. Brakes come before them."""
    states = chosen_states(state, everything=everything)
    with desk(config_file) as at:
        at.warn("this is what was last known, and nothing is being done")
        only = known_pbx(at.settings, pbx) or None
        found = [row for row in at.journal.actions.in_states(states, most, only) if not row.drill]
        brakes = at.journal.brakes.in_force(micros_now())
        if json:
            print_objects({"brake": one} for one in brakes)
            print_objects(shape_of(row) for row in found)
        else:
            print_lines(brake_line(one) for one in brakes)
            print_lines(line for row in found for line in action_lines(row))
            if not found:
                print_lines(["no actions" if everything or state else "nothing waits, is under way or stands"])


def chosen_states(names: list[str] | None, *, everything: bool) -> frozenset[State]:
    """Those named, else all that are not over; the command ends for a name that there is not."""
    if not names:
        return frozenset(MOVES) if everything else frozenset(MOVES) - FINAL
    wrong = [name for name in names if name not in set(State)]
    if wrong:
        fail(f"--state: no state {wrong[0]!r}; there are {', '.join(State)}", WRONG_USAGE)
    return frozenset(map(State, names))


def action_lines(row: ActionRow) -> Iterator[str]:
    """What people read of it."""
    words = ACTS[row.kind].words
    ends = f", until {moment(row.until)}" if row.until is not None and row.state not in FINAL else ""
    yield f"{row.id}  {row.state}  {said(words.order, row.target)}, PBX {row.pbx}{ends}"
    if row.undo_by is not None and row.state not in FINAL:
        yield f"  being undone, asked by {row.undo_by}"
    if row.state is State.REQUESTED and row.blast is not None:
        yield from (f"  {sentence}" for sentence in sentences(row.blast))
    if row.error:
        yield f"  {row.error}"


def brake_line(brake: Brake) -> str:
    """A brake in force, as people read it."""
    ends = f" until {moment(brake.until)}" if brake.until is not None else ""
    return f"BRAKE {brake.id}  {brake.kind} on {scope(brake)}{ends}, by {brake.by}: {brake.reason}"


def shape_of(row: ActionRow) -> dict[str, object]:
    """What programs read of it: nothing of what stood there before, which is sealed."""
    return {
        "id": row.id, "incident": row.incident, "pbx": row.pbx, "action": row.kind, "target": row.target,
        "state": row.state, "mode": row.decision.mode, "by": row.by, "error": row.error, "undo_by": row.undo_by,
        "until": None if row.until is None else from_micros(row.until),
        "at": from_micros(row.created_at), "blast": row.blast,
    }  # fmt: skip
