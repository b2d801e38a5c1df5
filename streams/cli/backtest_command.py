"""The command line of `ringfence backtest`."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from streams.backtest.attacks import ATTACKS
from streams.backtest.slow import SLOW
from streams.cli.support.choices import options_of, reading
from streams.cli.support.common_options import DeadLetters, FormatName, NeededConfig, PbxName, Timezone, Year
from streams.cli.support.configuration import loaded
from streams.cli.support.failures import WRONG_USAGE, fail

BACKTEST = f"""\b
Examples:
  ringfence backtest --events events.jsonl -c ringfence.yaml --inject irsf,slow-pumping --html backtest.html
  ringfence backtest --events data/archive --pbx hq -c ringfence.yaml
  ringfence backtest --events cdr.csv -f yeastar-cdr --pbx hq -c now.yaml --against stricter.yaml --inject all
  ringfence backtest --events events.jsonl -c ringfence.yaml --false-alarms 0.01

Attacks: {", ".join(ATTACKS)}.

Attacks that take two weeks and stay under limits, all of them `slow`: {", ".join(SLOW)}.

What the figures mean, and how to compare with and without models: docs/backtest.md
"""

Rate = Annotated[
    float | None,
    typer.Option(
        metavar="RATE", min=0, max=100,
        help="Suggest limits: at most so many false alarms of each rule per extension and day.",
    ),
]  # fmt: skip


def backtest(
    events: Annotated[
        list[str],
        typer.Option(
            "--events", metavar="ARCHIVE",
            help="History: a file, plain or gzip, or a Parquet archive (folder or URL). May be given for each file.",
        ),
    ],
    config_file: NeededConfig,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="A second configuration, for the same trials.")
    ] = None,
    inject: Annotated[
        str, typer.Option("--inject", metavar="LIST", help="Attacks of those below, by comma; slow, or all.")
    ] = "irsf,leaked-password,slow-pumping,fan-out,fast-guessing,wangiri",
    trials: Annotated[int, typer.Option(metavar="NUMBER", min=1, max=1_000, help="Trials of each attack.")] = 10,
    warm_up: Annotated[
        int | None,
        typer.Option(metavar="DAYS", min=1, help="Days that only teach; default: half of the history, at most 14."),
    ] = None,
    false_alarms: Rate = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a report with plots.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only, no tables.")] = False,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="Same seed, same victims, days and hours.")] = 1,
    format_name: FormatName = "events",
    pbx: PbxName = None,
    timezone: Timezone = None,
    year: Year = None,
    dead_letters: DeadLetters = None,
) -> None:  # fmt: skip
    """Weave labelled attacks into a PBX's own history, and say what the rules make of them.

    Each attack is tried at several drawn times, on several victims: how often it is found, how fast, and what it costs
    until then. What alarms in the history itself counts as false. Nothing outside is touched. The last line is one JSON
    object with all figures.
    """
    from streams.cli.backtest_work import BacktestWanted, archived, chosen, gathered, run_backtest, terminated, writable

    settings = loaded(config_file)
    configs = {str(config_file): settings} | ({} if against is None else {str(against): loaded(against)})
    if against is not None and len(configs) < 2:
        fail("--against names the same file as --config", WRONG_USAGE)
    options = options_of(settings, format_name, pbx, timezone, year)
    wanted = BacktestWanted(
        attacks=chosen(inject), trials=trials, warm_up=warm_up, seed=seed, false_alarms=false_alarms, json=as_json,
        html=writable(html),
    )  # fmt: skip
    with terminated(), TemporaryDirectory(prefix="ringfence-backtest-") as folder:
        if len(events) == 1 and ("://" in events[0] or Path(events[0]).is_dir()):
            history = gathered(archived(events[0], pbx), pbx, settings, Path(folder))
        else:
            with reading(events, options, None, dead_letters) as (inputs, _):
                history = gathered(inputs.events(events), pbx, settings, Path(folder))
        run_backtest(history, configs, wanted)
