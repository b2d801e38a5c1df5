"""What is in the archive."""

from itertools import groupby

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from streams.cli.archive_commands.archive_days import (
    ArchiveUrl,
    Config,
    OnlyPbx,
    Since,
    Until,
    choose,
    printable,
    watched,
)
from streams.cli.support.failures import FAILED, fail

EPILOG = "Example: ringfence archive list -c ringfence.yaml"


def command(
    config: Config = None, url: ArchiveUrl = None, pbx: OnlyPbx = None, since: Since = None, until: Until = None
) -> None:
    """Show one line a PBX: days, first and last day, files, size."""
    of = choose(config, url, pbx, since, until)
    shown = Table("PBX", "days", "first", "last", "files", "size", box=None, pad_edge=False)
    for name, group in groupby(watched(of.days(), "looking"), key=lambda folder: folder.pbx):
        days = list(group)
        sizes = [size for folder in days for size in of.archive.sizes(folder)]
        shown.add_row(
            printable(name), str(len(days)), days[0].day.isoformat(), days[-1].day.isoformat(), str(len(sizes)),
            decimal(sum(sizes)),
        )  # fmt: skip
    if not shown.row_count:
        fail(f"{of.archive.files.url}: nothing is archived here for this choice", FAILED)
    Console(highlight=False, markup=False, emoji=False, soft_wrap=True).print(shown)
