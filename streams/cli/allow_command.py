"""Say whom Ringfence must leave alone, why and until when; what is in force against it is lifted."""

import getpass
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from detector.contract.codec import from_micros
from detector.decide.allow_list import allowable
from detector.settings.params import Seconds
from streams.cli.support.choices import loaded
from streams.cli.support.common_options import NeededConfig
from streams.cli.support.failures import WRONG_USAGE, err, fail
from streams.config.installation import Installation
from streams.processes.data_folder import journal_file, journal_url
from streams.report.visible_text import visible
from streams.runtime.clock import micros_now
from streams.store.journal.journal import Journal
from streams.store.migrate import opened
from streams.store.rows import AllowRow

EPILOG = """\b
Examples:
  ringfence allow -c ringfence.yaml 203.0.113.0/28 --reason "new office in Leeds" --for 90d
  ringfence allow -c ringfence.yaml +252612345678 --reason "supplier, ask Jane" --for 30d --pbx hq
  ringfence allow -c ringfence.yaml            # what is on the list
  ringfence allow -c ringfence.yaml --end 7    # not any more
"""
SECOND = 1_000_000

Value = Annotated[
    str | None,
    typer.Argument(
        metavar="[WHAT]", help="An address or network, a number or its beginning with +, an extension, route or trunk."
    ),
]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; everybody can read it.")]
For = Annotated[
    str | None, typer.Option("--for", metavar="TIME", help="For how long, such as 12h or 30d; 400d at most.")
]
OfPbx = Annotated[str | None, typer.Option("--pbx", metavar="NAME", help="For this PBX only; default: for all.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who says so; default: the user of this machine.")]
End = Annotated[int | None, typer.Option("--end", metavar="NUMBER", help="Take this entry off the list.")]


def command(
    config_file: NeededConfig,
    what: Value = None,
    reason: Reason = None,
    for_: For = None,
    pbx: OfPbx = None,
    by: By = None,
    end: End = None,
) -> None:
    """Say whom Ringfence must leave alone, why and until when; what is in force against it is lifted.

    It holds at once for every process, as `protected` in the configuration does. Without WHAT the list is shown.
    """
    settings = loaded(config_file, secrets=("journal",))
    if settings.journal is None and not journal_file(settings).exists():
        fail(f"ringfence: there is no {journal_file(settings)}: nothing was ever started with this configuration")
    engine = opened(journal_url(settings), "journal")
    try:
        journal = Journal(engine)
        if end is not None:
            take_off(journal, end, by or person())
        elif what is not None:
            put_on(journal, settings, what, reason, for_, pbx, by or person())
        show(journal)
    finally:
        engine.dispose()


def put_on(
    journal: Journal, settings: Installation, what: str, reason: str | None, for_: str | None, pbx: str | None, by: str
) -> None:
    """Add one entry, or fail with what is wrong."""
    if not reason or not reason.strip():
        fail("--reason is needed: why must it be left alone?", WRONG_USAGE)
    if pbx is not None and pbx not in {one.id for one in settings.pbxs}:
        fail(f"--pbx: no PBX {pbx!r} in the configuration", WRONG_USAGE)
    try:
        value, lasts = allowable(what), TypeAdapter(Seconds).validate_python(for_)
    except ValidationError:
        fail("--for is needed: a time such as 12h or 30d, 400d at most", WRONG_USAGE)
    except ValueError as error:
        fail(f"ringfence: {error}", WRONG_USAGE)
    now = micros_now()
    number = journal.guard.allow(value, pbx=pbx, reason=reason, by=by, now=now, until=now + round(lasts * SECOND))
    err.print(visible(f"{value} is left alone (entry {number}); what is in force against it is lifted"))


def take_off(journal: Journal, entry: int, by: str) -> None:
    """End one entry, or fail if there is none."""
    if not journal.guard.disallow(entry, by=by, now=micros_now()):
        fail(f"ringfence: there is no entry {entry} on the list", WRONG_USAGE)
    err.print(f"entry {entry} is off the list")


def show(journal: Journal) -> None:
    """What is on the list now, to standard output."""
    for entry in journal.guard.allowed(micros_now()):
        typer.echo(str(visible(line_of(entry))))


def line_of(entry: AllowRow) -> str:
    """One entry in a line."""
    until = from_micros(entry.until).strftime("%Y-%m-%d %H:%M UTC")
    return f"{entry.id}  {entry.value}  {entry.pbx or 'all PBXs'}  until {until}  {entry.by}: {entry.reason}"


def person() -> str:
    """The name of who is logged in to this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody at this machine"
