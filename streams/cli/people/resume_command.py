"""End stop-acting, a mute, or a rule's falling back."""

from typing import Annotated

import typer

from detector.contract.vocabulary import State
from detector.decide.brakes import Brake, BrakeKind
from streams.cli.people.actions_command import brake_line
from streams.cli.support.desk import (
    AsJson,
    By,
    NeededConfig,
    desk,
    known_pbx,
    known_rule,
    person,
    print_lines,
    print_objects,
)
from streams.cli.support.failures import fail
from streams.runtime.clock import micros_now

EPILOG = """\b
Examples:
  ringfence resume -c ringfence.yaml
  ringfence resume -c ringfence.yaml --pbx hq
  ringfence resume -c ringfence.yaml --brake 12
"""
MOST = 1_000


def command(
    config_file: NeededConfig,
    number: Annotated[
        int | None, typer.Option("--brake", metavar="NUMBER", help="This one, whatever it is; `actions` shows it.")
    ] = None,
    pbx: Annotated[str | None, typer.Option(metavar="ID", help="Stops on this PBX only.")] = None,
    rule: Annotated[str | None, typer.Option(metavar="RULE", help="Stops of this rule only.")] = None,
    by: By = None,
    json: AsJson = False,
) -> None:
    """Act again: end what `stop-acting` began; with --brake also a mute, or a rule's falling back.

    What was held back meanwhile is not done now: it goes on waiting for approval.
    """
    name = person(by)
    with desk(config_file) as at:
        now = micros_now()
        wanted = (number, known_pbx(at.settings, pbx), known_rule(rule))
        chosen = [one for one in at.journal.brakes.in_force(now) if meant(one, *wanted)]
        ended = [one for one in chosen if at.journal.brakes.end(one.id, name, now=now)]
        if not ended:
            fail("ringfence: no such brake is in force; `ringfence actions` shows those that are")
        if json:
            print_objects(ended)
            return
        print_lines(f"ended: {brake_line(one)}" for one in ended)
        waiting = [row for row in at.journal.actions.in_states({State.REQUESTED}, MOST) if not row.drill]
        if waiting:
            print_lines([f"{len(waiting)} actions wait for approval: ringfence actions --state requested"])
        at.warn("nothing is being done until a service is started")


def meant(brake: Brake, number: int | None, pbx: str, rule: str) -> bool:
    """Whether this is one to end: by its number, or every stop of this scope."""
    if number is not None:
        return brake.id == number
    return brake.kind is BrakeKind.STOP and pbx in {"", brake.pbx} and rule in {"", brake.rule}
