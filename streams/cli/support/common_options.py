"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

from detector.formats import formats

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", metavar="FILE", help="Configuration: a YAML file or a folder of them.")
]
NeededConfig = Annotated[
    Path, typer.Option("--config", "-c", metavar="FILE", help="Configuration: a YAML file or a folder of them.")
]
Files = Annotated[list[str], typer.Argument(metavar="FILE", help="Files to read, plain or gzip; - is standard input.")]
FormatName = Annotated[
    str, typer.Option("--format", "-f", metavar="FORMAT", help=f"What the files hold: {', '.join(formats())}.")
]
PbxName = Annotated[
    str | None,
    typer.Option("--pbx", metavar="NAME", help="The PBX the records come from, where the format does not say."),
]
Timezone = Annotated[
    str | None,
    typer.Option("--timezone", metavar="ZONE", help="Zone of local times in the files; default: that of the PBX."),
]
Year = Annotated[
    int | None,
    typer.Option(
        "--year", metavar="YEAR", min=1970, max=9998,
        help="Year of the first line, where lines have none; default: what fits the file's own date.",
    ),
]  # fmt: skip
DeadLetters = Annotated[
    Path | None,
    typer.Option(
        "--dead-letters", metavar="FILE",
        help="Where unreadable lines go, each with number and reason; default: NAME.dead-letters.jsonl here.",
    ),
]  # fmt: skip
MetricsPort = Annotated[
    int | None,
    typer.Option(
        "--metrics-port", metavar="PORT", min=0, max=65_535, envvar="RINGFENCE_METRICS_PORT",
        help="Port of /metrics and /healthz, 0 for none; default: that of the configuration.",
    ),
]  # fmt: skip
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write to this file, not to stdout.")]
