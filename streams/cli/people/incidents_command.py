"""List incidents, or show one with all that was done."""

from collections.abc import Iterator
from typing import Annotated

import typer

from detector.contract.findings import Incident
from detector.enrich.tariff import amount
from streams.cli.people.actions_command import action_lines, shape_of
from streams.cli.support.desk import AsJson, Most, NeededConfig, desk, known_pbx, moment, print_lines, print_objects
from streams.cli.support.failures import fail
from streams.store.rows import IncidentView

EPILOG = """\b
Examples:
  ringfence incidents -c ringfence.yaml
  ringfence incidents -c ringfence.yaml --all --json | jq .title
  ringfence incidents -c ringfence.yaml INCIDENT
"""


def command(
    config_file: NeededConfig,
    incident: Annotated[str | None, typer.Argument(metavar="[INCIDENT]", help="One of them, by its id.")] = None,
    pbx: Annotated[str | None, typer.Option(metavar="ID", help="Of this PBX only.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Closed and merged ones, too.")] = False,
    most: Most = 50,
    json: AsJson = False,
) -> None:
    """List the live incidents, the gravest first: open ones, and contained ones that are not closed."""
    with desk(config_file) as at:
        at.warn("this is what was last known")
        if incident is not None:
            view = at.journal.incidents.find(incident)
            if view is None:
                fail(f"ringfence: there is no incident {incident!r}")
            show(view, json=json)
            return
        of = known_pbx(at.settings, pbx) if pbx is not None else None
        listed = at.journal.incidents.live(most, pbx=of)
        if everything:
            listed += at.journal.incidents.closed(most - len(listed), pbx=of)
        if json:
            print_objects(listed)
        else:
            print_lines(line for one in listed for line in incident_lines(one))
            if not listed:
                print_lines(["no incidents" if everything else "no live incidents"])


def show(view: IncidentView, *, json: bool) -> None:
    """One incident with what was seen and done."""
    if json:
        shapes = [shape_of(action) for action in view.actions]
        print_objects([{"incident": view.incident, "detections": view.detections, "actions": shapes}])
        return
    print_lines(incident_lines(view.incident))
    print_lines(f"  seen  {moment(one.at)}  {one.rule}: {one.summary}" for one in view.detections)
    print_lines(f"  {line}" for action in view.actions for line in action_lines(action))


def incident_lines(one: Incident) -> Iterator[str]:
    """What people read of it."""
    loss = one.loss
    yield f"{one.id}  {one.status}  {one.severity}  {one.title}"
    yield (
        f"  PBX {one.pbx}, {one.stage}, since {moment(one.opened_at)}, {amount(loss.spent, loss.currency)} spent, "
        f"{amount(loss.per_minute, loss.currency)} a minute"
    )
