"""Tell nobody of a rule or subject, and do nothing about it by itself."""

from typing import Annotated

import typer

from detector.decide.brakes import BrakeKind
from streams.cli.people.actions_command import brake_line
from streams.cli.support.desk import (
    AsJson,
    By,
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
from streams.cli.support.failures import WRONG_USAGE, fail
from streams.runtime.clock import micros_now

EPILOG = """\b
Examples:
  ringfence mute -c ringfence.yaml --subject 198.51.100.7 --for 8h --why "penetration test until tonight"
  ringfence mute -c ringfence.yaml --rule call.after_hours --pbx hq --for 30d --why "night shift in December"
`ringfence resume --brake NUMBER` ends it earlier.
"""


def command(
    config_file: NeededConfig,
    why: Why,
    length: Annotated[str, typer.Option("--for", metavar="TIME", help="How long, such as 30m, 4h or 2d.")],
    rule: Annotated[str | None, typer.Option(metavar="RULE", help="What this rule sees.")] = None,
    subject: Annotated[
        str | None, typer.Option(metavar="ID", help="What is seen of this extension, address, number or trunk.")
    ] = None,
    pbx: Annotated[str | None, typer.Option(metavar="ID", help="On this PBX only.")] = None,
    by: By = None,
    json: AsJson = False,
) -> None:
    """Mute a rule, a subject, or both together, with a reason and an end.

    It is seen and kept as before, and shown in the console. Nobody is told of an incident in which all is muted, and
    nothing of it is done by itself. Whatever else is seen there is told and stopped.
    """
    if not (rule or subject):
        fail("ringfence: name a --rule or a --subject; `stop-acting` is for everything", WRONG_USAGE)
    reason, name, until = needed_reason(why), person(by), end_of(length)
    with desk(config_file) as at:
        brake = at.journal.brakes.put(
            BrakeKind.MUTE, by=name, reason=reason, now=micros_now(), pbx=known_pbx(at.settings, pbx),
            rule=known_rule(rule), subject=subject or "", until=until,
        )  # fmt: skip
        print_objects([brake]) if json else print_lines([brake_line(brake)])
        at.warn("nobody is told of anything now, and the mute holds for whatever is started")
