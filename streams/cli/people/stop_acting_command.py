"""Keep Ringfence from doing anything by itself, until resume."""

from typing import Annotated

import typer

from detector.decide.brakes import BrakeKind
from streams.cli.people.actions_command import brake_line
from streams.cli.support.desk import (
    AsJson,
    By,
    For,
    NeededConfig,
    Why,
    desk,
    end_of,
    known_pbx,
    known_rule,
    needed_reason,
    person,
    print_lines,
    print_objects,
)
from streams.runtime.clock import micros_now

EPILOG = """\b
Examples:
  ringfence stop-acting -c ringfence.yaml --why "carrier moves numbers" --for 4h
  ringfence stop-acting -c ringfence.yaml --pbx hq --why "new call centre"
  ringfence stop-acting -c ringfence.yaml --rule call.frequency --why "fires on our dialler"
"""


def command(
    config_file: NeededConfig,
    why: Why,
    pbx: Annotated[str | None, typer.Option(metavar="ID", help="On this PBX only.")] = None,
    rule: Annotated[str | None, typer.Option(metavar="RULE", help="What this rule leads to only.")] = None,
    length: For = None,
    by: By = None,
    json: AsJson = False,
) -> None:
    """Stop acting: from now on nothing is done by itself, everything is asked for.

    In force at once, for every service of this configuration. What is seen is told as before, what a person approves is
    done, and what stands stays and is undone at its end. `ringfence resume` ends it.
    """
    reason, name, until = needed_reason(why), person(by), end_of(length)
    with desk(config_file) as at:
        brake = at.journal.brakes.put(
            BrakeKind.STOP, by=name, reason=reason, now=micros_now(), pbx=known_pbx(at.settings, pbx),
            rule=known_rule(rule), until=until,
        )  # fmt: skip
        print_objects([brake]) if json else print_lines([brake_line(brake)])
        at.warn("nothing is being done now, and the brake holds for whatever is started")
