"""The command line of `ringfence archive`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.support.choices import observed_at, options_of, reading, verify
from streams.cli.support.common_options import MetricsPort, NeededConfig
from streams.cli.support.configuration import loaded
from streams.cli.support.failures import WRONG_USAGE, err, fail

if TYPE_CHECKING:
    from streams.cli.archive_work import Chosen

# What needs pyarrow is imported where it is needed: every other command starts without.

archive_commands = typer.Typer(
    name="archive", no_args_is_help=True, rich_markup_mode=None,
    help="The archive: raw events as Parquet, by PBX and UTC day. What is in it, and how to read it: docs/archive.md",
)  # fmt: skip

Config = Annotated[
    Path | None, typer.Option("--config", "-c", metavar="FILE", help="Configuration with `archive: {url: ...}`.")
]
Url = Annotated[
    str | None,
    typer.Option("--archive", "-a", metavar="URL", help="The archive: a folder, or a URL such as s3://bucket/name."),
]
PbxName = Annotated[str | None, typer.Option("--pbx", metavar="NAME", help="Only this PBX.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="From here on: 2026-03-01, or with time and offset.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Until before this.")]


def of(config: Path | None, url: str | None, pbx: str | None, since: str | None, until: str | None) -> "Chosen":
    """What was chosen."""
    from streams.cli.archive_work import chosen

    return chosen(loaded(config) if config is not None else None, url, pbx, since, until)


@archive_commands.command(
    name="list", epilog="Example: ringfence archive list -c ringfence.yaml", short_help="What is in the archive."
)
def list_(
    config: Config = None, url: Url = None, pbx: PbxName = None, since: Since = None, until: Until = None
) -> None:
    """Show one line a PBX: days, first and last day, files, size."""
    chosen = of(config, url, pbx, since, until)
    from streams.cli.archive_work import show

    show(chosen)


@archive_commands.command(
    name="check", epilog="Example: ringfence archive check -a /var/lib/ringfence/archive --since 2026-03-01",
    short_help="Whether everything is readable and as it was written.",
)  # fmt: skip
def check_(
    config: Config = None, url: Url = None, pbx: PbxName = None, since: Since = None, until: Until = None
) -> None:
    """Read every file and compare it with its checksum; say what is damaged, misplaced or there twice.

    A file that was removed is not missed: nothing tells of it. Exit code 1 if there is a problem.
    """
    chosen = of(config, url, pbx, since, until)
    from streams.cli.archive_work import verify as verify_archive

    raise typer.Exit(verify_archive(chosen))


EXPORT = """\b
Examples:
  ringfence archive export -c ringfence.yaml --pbx hq --since 2026-03-01 -o march.jsonl
  ringfence archive export -c ringfence.yaml --pbx hq | ringfence replay -c tighter.yaml -
"""


@archive_commands.command(name="export", epilog=EXPORT, short_help="Events as JSON lines.")
def export_(
    config: Config = None, url: Url = None, pbx: PbxName = None, since: Since = None, until: Until = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write to this file.")] = None,
) -> None:  # fmt: skip
    """Write events as they came in, one JSON object a line: PBX by PBX, each in the order in which things happened.

    Nothing comes twice. Our own `control` events are left out: replay takes settings from its configuration.
    """
    chosen = of(config, url, pbx, since, until)
    from streams.cli.archive_work import export

    export(chosen, out)


@archive_commands.command(
    name="compact", epilog="Example: ringfence archive compact -c ringfence.yaml --expire",
    short_help="Put the parts of days together.",
)  # fmt: skip
def compact_(
    config: Config = None, url: Url = None, pbx: PbxName = None, since: Since = None, until: Until = None,
    expire: Annotated[
        bool, typer.Option("--expire", help="Also remove days older than `privacy.retention.raw` of their PBX.")
    ] = False,
) -> None:  # fmt: skip
    """Put the small files of each day that is over into one, and remove what stands there twice.

    `ringfence run` does this by itself, with --expire. Safe while events are being written, and when it is interrupted.
    """
    chosen = of(config, url, pbx, since, until)
    from streams.cli.archive_work import put_together

    raise typer.Exit(put_together(chosen, loaded(config) if config is not None else None, forget=expire))


ERASE = """\b
Examples:
  ringfence archive erase -c ringfence.yaml --pbx hq --extension 1001 --yes
  ringfence archive erase -c ringfence.yaml --number +4930123456 --number 030123456 --mask

A number is found behind whatever was dialled before it; its national form is another number: name both.
"""


@archive_commands.command(name="erase", epilog=ERASE, short_help="Forget a person, on request.")
def erase_(
    config: Config = None, url: Url = None, pbx: PbxName = None, since: Since = None, until: Until = None,
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
    chosen = of(config, url, pbx, since, until)
    from streams.archive.erasure import ErasureSubject
    from streams.cli.archive_work import forget

    named = {"extension": extension, "number": number, "address": address}
    subjects = [ErasureSubject(kind, value) for kind, values in named.items() for value in values or ()]
    if not subjects:
        fail("whom? name --extension, --number or --address", WRONG_USAGE)
    if not yes:
        typer.confirm(f"Erase from {chosen.archive.files.url}? This cannot be undone.", abort=True, err=True)
    raise typer.Exit(forget(chosen, subjects, mask=mask))


@archive_commands.command(
    name="follow", epilog="Example: ringfence archive follow -c ringfence.yaml",
    short_help="Fill the archive, on Kafka.",
)  # fmt: skip
def follow_(config: NeededConfig, metrics_port: MetricsPort = None) -> None:
    """Copy every event from Kafka into the archive, put days together, and remove what is past its retention.

    Several share the work. While the archive is away events wait in Kafka. Ends in good order on SIGTERM. `ringfence
    run` does this by itself.
    """
    settings = loaded(config, secrets=("username", "password"))
    from streams.processes.archiver import run_follow

    run_follow(observed_at(settings, "archive", metrics_port))


@archive_commands.command(
    name="import", epilog="Example: ringfence archive import -a archive -f yeastar-cdr --pbx hq last-year.csv",
    short_help="Bring recorded history into the archive.",
)  # fmt: skip
def import_(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Files to read; - is standard input.")],
    config: Config = None, url: Url = None,
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
    chosen = of(config, url, None, None, None)
    from streams.cli.archive_work import bring_in

    options = options_of(loaded(config), format_name, pbx, timezone, year)
    with reading(files, options, None, None) as (inputs, _):
        taken = bring_in(chosen.archive, inputs.events(files))
    err.print(f"{taken} events")
    verify(inputs, taken, options)
