"""Events as JSON lines."""

from pathlib import Path
from typing import Annotated

import typer

from detector.contract.codec import Codec
from detector.contract.events import Control
from streams.archive.reading import events_of
from streams.cli.archive_commands.archive_days import ArchiveUrl, Config, OnlyPbx, Since, Until, choose
from streams.cli.support.failures import err
from streams.cli.support.outputs import output

EPILOG = """\b
Examples:
  ringfence archive export -c ringfence.yaml --pbx hq --since 2026-03-01 -o march.jsonl
  ringfence archive export -c ringfence.yaml --pbx hq | ringfence replay -c tighter.yaml -
"""


def command(
    config: Config = None, url: ArchiveUrl = None, pbx: OnlyPbx = None, since: Since = None, until: Until = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write to this file.")] = None,
) -> None:  # fmt: skip
    """Write events as they came in, one JSON object a line: PBX by PBX, each in the order in which things happened.

    Nothing comes twice. Our own `control` events are left out: replay takes settings from its configuration.
    """
    of = choose(config, url, pbx, since, until)
    codec = Codec()
    written = 0
    days = of.days()
    sizes = {folder: sum(of.archive.sizes(folder)) for folder in days}
    with output(out, sum(sizes.values()), err) as to:
        for folder in days:
            for event in events_of(of.archive, folder, of.since, of.until):
                if not isinstance(event, Control):
                    to.lines.write(codec.encode(event) + b"\n")
                    written += 1
            to.advanced(sizes[folder])
    err.print(f"{written} events")
