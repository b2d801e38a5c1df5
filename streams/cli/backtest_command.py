"""Try rules on attacks woven into one's own history."""

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec
import typer
from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from detector.contract.events import AnyEvent, Unknown
from detector.contract.visibility import Telling
from detector.detect.catalogue import catalogue
from detector.enrich.premises import compile_plan
from detector.formats.events_jsonl import EventsJsonl
from detector.formats.format import formats
from detector.settings import profile
from streams.audit.snapshots import write_private
from streams.backtest.attacks import ATTACKS
from streams.backtest.backtest_page import as_page
from streams.backtest.crew import BacktestPlan, Shown, backtest
from streams.backtest.figures import Backtest
from streams.backtest.history import History, HistoryError, keep
from streams.backtest.slow import SLOW, known
from streams.backtest.table import tables
from streams.cli.support.choices import loaded, options_of, reading
from streams.cli.support.common_options import DeadLetters, FormatName, NeededConfig, PbxName, Timezone, Year
from streams.cli.support.failures import FAILED, WRONG_USAGE, err, fail
from streams.config.installation import Installation, core_settings
from streams.pbxs.sight import sources_of_pbx

EPILOG = f"""\b
Examples:
  ringfence backtest --events events.jsonl -c ringfence.yaml --inject irsf,slow-pumping --html backtest.html
  ringfence backtest --events data/archive --pbx hq -c ringfence.yaml
  ringfence backtest --events cdr.csv -f yeastar-cdr --pbx hq -c now.yaml --against stricter.yaml --inject all
  ringfence backtest --events events.jsonl -c ringfence.yaml --false-alarms 0.01

Attacks: {", ".join(ATTACKS)}.

Attacks that take two weeks and stay under limits, all of them `slow`: {", ".join(SLOW)}.

What the figures mean, and how to compare with and without models: docs/backtest.md
"""
WIDE = 180
"""Characters in a line where no terminal says how wide it is."""
LEARNT = 14
"""Days of learning, where the history is twice as long."""


Rate = Annotated[
    float | None,
    typer.Option(
        metavar="RATE", min=0, max=100,
        help="Suggest limits: at most so many false alarms of each rule per extension and day.",
    ),
]  # fmt: skip


class BacktestWanted(Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    attacks: tuple[str, ...]
    trials: int
    warm_up: int | None
    seed: int
    false_alarms: float | None
    json: bool
    html: Path | None


def command(
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
        run_backtest(history, format_name, configs, wanted)


def run_backtest(
    history: History | HistoryError, format_name: str, configs: dict[str, Installation], wanted: BacktestWanted
) -> Backtest:
    """Backtest one PBX's history, and show what came of it."""
    if isinstance(history, HistoryError):
        fail(f"--events: {history}", FAILED)
    refuse_strangers(history.pbx, configs)
    history = replace(history, gives=gives_of(history.pbx, format_name, configs.values()))
    plan = BacktestPlan(attacks=wanted.attacks, trials=wanted.trials, warm_up=learning(history, wanted.warm_up),
                seed=wanted.seed, wanted_rate=wanted.false_alarms)  # fmt: skip
    with progress() as shown:
        made = backtest(history, configs, plan, shown)
    if wanted.html is not None:
        write_private(wanted.html, as_page(made))
    if not wanted.json:
        width = None if sys.stdout.isatty() else WIDE
        console = Console(highlight=False, markup=False, emoji=False, width=width)
        for one in tables(made):
            console.print(one)
    sys.stdout.flush()
    sys.stdout.buffer.write(msgspec.json.encode(made) + b"\n")
    return made


def gives_of(pbx: str, format_name: str, configs: Iterable[Installation]) -> tuple[Telling, ...] | None:
    """What the sources of a history give: those of its format; of our own events those by which the PBX is connected.

    None where our events are of a PBX without a connection: anybody may have written them.
    """
    found = formats()[format_name].sources
    if format_name == EventsJsonl.name:
        found = next((sources_of_pbx(one) for some in configs for one in some.pbxs if one.id == pbx), ())
    return tuple(telling for source in found for telling in source.gives) or None


def chosen(inject: str) -> tuple[str, ...]:
    """The attacks that are named, or an end that names those there are."""
    found: dict[str, None] = {}
    for name in (part.strip() for part in inject.split(",") if part.strip()):
        group = {"all": known(), "slow": SLOW}.get(name, (name,))
        if name not in known() and group == (name,):
            fail(f"--inject: no attack {name!r}; there are all, slow, {', '.join(known())}", WRONG_USAGE)
        found |= dict.fromkeys(group)
    if not found:
        fail(f"--inject: name an attack: all, slow, {', '.join(known())}", WRONG_USAGE)
    return tuple(found)


def writable(page: Path | None) -> Path | None:
    """Where the page goes, or an end if it cannot go there: better before the work than after it."""
    if page is not None and not page.absolute().parent.is_dir():
        fail(f"--html: there is no folder {page.absolute().parent}", WRONG_USAGE)
    return page


def archived(url: str, pbx: str | None) -> Iterator[AnyEvent | Unknown]:
    """The raw events of a PBX, or of all, from a Parquet archive. Raises ArchiveError."""
    from streams.archive import read  # late: files need no pyarrow, which is slow to import

    return read(url, pbxs=() if pbx is None else (pbx,))


def gathered(
    events: Iterable[AnyEvent | Unknown], pbx: str | None, settings: Installation, folder: Path
) -> History | HistoryError:
    """The history of one PBX, sorted by day into `folder`, or why it cannot be used."""
    named = pbx if pbx is not None else settings.pbxs[0].id if len(settings.pbxs) == 1 else None
    events = iter(events)
    first = next(events, None)
    site = profile(core_settings(settings), named or (first.pbx if first is not None else ""), catalogue())
    begun = [first] if first is not None else []
    try:
        return keep(chain(begun, events), named, compile_plan(site), site.timezone, folder)
    except HistoryError as error:
        return error


def learning(history: History, wanted: int | None) -> int:
    """Days that only teach, or an end if they leave none to judge."""
    if wanted is None:
        return min(LEARNT, history.days // 2)
    if wanted >= history.days:
        fail(f"--warm-up: {wanted} days of learning leave none to judge: there are {history.days}", WRONG_USAGE)
    return wanted


def refuse_strangers(pbx: str, configs: dict[str, Installation]) -> None:
    """End if a configuration names PBXs, and not this one: its limits would not be those of the PBX."""
    for name, settings in configs.items():
        known = [one.id for one in settings.pbxs]
        if known and pbx not in known:
            fail(f"{name}: no PBX {pbx!r}, of which the history is; there are {', '.join(known)}", WRONG_USAGE)


@contextmanager
def terminated() -> Iterator[None]:
    """Who ends this process lets it tidy up: the history must not stay behind."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def progress() -> Iterator[Shown]:
    """A bar for each step on a terminal; nothing where there is none."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:

        def shown(title: str, total: int) -> Callable[[], None]:
            task = bars.add_task(title, total=total)
            return lambda: bars.advance(task)

        yield shown
