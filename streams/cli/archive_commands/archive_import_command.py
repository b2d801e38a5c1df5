"""Bring recorded history into the archive."""

from collections.abc import Iterable
from itertools import islice
from secrets import token_hex
from typing import Annotated

import typer

from detector.contract.events import AnyEvent, Unknown
from streams.archive.pace import AT_ONCE
from streams.archive.store import Archive
from streams.cli.archive_commands.archive_days import ArchiveUrl, Config, choose
from streams.cli.support.choices import loaded, options_of, reading, verify
from streams.cli.support.failures import err

EPILOG = "Example: ringfence archive import -a archive -f yeastar-cdr --pbx hq last-year.csv"


def command(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Files to read; - is standard input.")],
    config: Config = None, url: ArchiveUrl = None,
    format_name: Annotated[
        str, typer.Option("--format", "-f", metavar="FORMAT", help="What they hold, as in ringfence convert.")
    ] = "events",
    pbx: Annotated[str | None, typer.Option("--pbx", metavar="NAME", help="The PBX they come from.")] = None,
    timezone: Annotated[str | None, typer.Option("--timezone", metavar="ZONE", help="Zone of local times.")] = None,
    year: Annotated[
        int | None, typer.Option("--year", metavar="YEAR", min=1970, max=9998, help="Year of the first line.")
    ] = None,
) -> None:  # fmt: skip
    """Bring files of any format we read into the archive; the running service learns nothing of it.

    What is in the archive already is read once all the same.
    """
    of = choose(config, url)
    options = options_of(loaded(config), format_name, pbx, timezone, year)
    with reading(files, options, None, None) as (inputs, _):
        taken = bring_in(of.archive, inputs.events(files))
    err.print(f"{taken} events")
    verify(inputs, taken, options)


def bring_in(archive: Archive, events: Iterable[AnyEvent | Unknown]) -> int:
    """Events of files into the archive; returns how many. Those that are there already are read once all the same."""
    log, taken = f"import.{token_hex(8)}", 0
    numbered = enumerate(events, 1)
    while batch := list(islice(numbered, AT_ONCE)):
        archive.write(log, batch)
        taken += len(batch)
    return taken
