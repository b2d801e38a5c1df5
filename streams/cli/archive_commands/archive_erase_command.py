"""Forget a person, on request."""

from collections.abc import Sequence
from typing import Annotated

import typer

from streams.archive.erasure import ErasureSubject, erase, matching
from streams.cli.archive_commands.archive_days import (
    ArchiveUrl,
    ChosenDays,
    Config,
    OnlyPbx,
    Since,
    Until,
    choose,
    each,
)
from streams.cli.support.failures import FAILED, WRONG_USAGE, err, fail

EPILOG = """\b
Examples:
  ringfence archive erase -c ringfence.yaml --pbx hq --extension 1001 --yes
  ringfence archive erase -c ringfence.yaml --number +4930123456 --number 030123456 --mask

A number is found behind whatever was dialled before it; its national form is another number: name both.
"""


def command(
    config: Config = None, url: ArchiveUrl = None, pbx: OnlyPbx = None, since: Since = None, until: Until = None,
    extension: Annotated[
        list[str] | None, typer.Option("--extension", metavar="NUMBER", help="Extension or account.")
    ] = None,
    number: Annotated[
        list[str] | None, typer.Option("--number", metavar="NUMBER", help="Telephone number, as in +4930123456.")
    ] = None,
    address: Annotated[
        list[str] | None, typer.Option("--address", metavar="IP", help="Address of a device.")
    ] = None,
    mask: Annotated[
        bool, typer.Option("--mask", help="Keep the events, with `erased` in place of the name.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:  # fmt: skip
    """Remove every event that names an extension, a number or an address, and write the files anew.

    It cannot be undone. Exit code 1 if a damaged file could not be searched.
    """
    of = choose(config, url, pbx, since, until)
    named = {"extension": extension, "number": number, "address": address}
    subjects = [ErasureSubject(kind, value) for kind, values in named.items() for value in values or ()]
    if not subjects:
        fail("whom? name --extension, --number or --address", WRONG_USAGE)
    if not yes:
        typer.confirm(f"Erase from {of.archive.files.url}? This cannot be undone.", abort=True, err=True)
    raise typer.Exit(forget(of, subjects, mask=mask))


def forget(of: ChosenDays, subjects: Sequence[ErasureSubject], *, mask: bool) -> int:
    """Erase subjects from all chosen days, and say what this does not reach. The exit code."""
    for subject in subjects:
        try:
            matching(subject)
        except ValueError as error:
            fail(f"--{subject.kind}: {error}", WRONG_USAGE)
    days = of.days()
    tried = list(each(of.archive, days, "erasing", lambda day: erase(of.archive, day, subjects, mask=mask)))
    rows = sum(done for _, done in tried)
    err.print(f"{rows} events on {sum(done > 0 for _, done in tried)} days {'masked' if mask else 'removed'}")
    if len(tried) < len(days):
        err.print(f"{len(days) - len(tried)} days were not searched: their files are damaged")
    err.print(
        "Not reached: events that still wait in the log (run this again after archive.every; Kafka keeps its own for "
        "seven days), the journal's incidents "
        "and their evidence (privacy.retention.findings), backups and copies of the archive."
    )
    return FAILED if len(tried) < len(days) else 0
