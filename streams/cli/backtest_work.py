"""Carries out `ringfence backtest`: history in, figures out as table, JSON and page."""

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from detector.contract.events import AnyEvent, Unknown
from detector.detect.catalogue import catalogue
from detector.engine.compiled import number_plan
from detector.settings import profile
from streams.audit.snapshots import write_private
from streams.backtest.backtest_page import as_page
from streams.backtest.crew import BacktestPlan, Shown, backtest
from streams.backtest.figures import Backtest
from streams.backtest.history import History, HistoryError, keep
from streams.backtest.slow import SLOW, known
from streams.backtest.table import show
from streams.cli.support.failures import FAILED, WRONG_USAGE, err, fail
from streams.config.installation import Installation, core_settings

WIDE = 180
"""Characters in a line where no terminal says how wide it is."""
LEARNT = 14
"""Days of learning, where the history is twice as long."""


class BacktestWanted(Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    attacks: tuple[str, ...]
    trials: int
    warm_up: int | None
    seed: int
    false_alarms: float | None
    json: bool
    html: Path | None


def run_backtest(history: History | HistoryError, configs: dict[str, Installation], wanted: BacktestWanted) -> Backtest:
    """Backtest one PBX's history, and show what came of it."""
    if isinstance(history, HistoryError):
        fail(f"--events: {history}", FAILED)
    refuse_strangers(history.pbx, configs)
    plan = BacktestPlan(attacks=wanted.attacks, trials=wanted.trials, warm_up=learning(history, wanted.warm_up),
                seed=wanted.seed, wanted_rate=wanted.false_alarms)  # fmt: skip
    with progress() as shown:
        made = backtest(history, configs, plan, shown)
    if wanted.html is not None:
        write_private(wanted.html, as_page(made))
    if not wanted.json:
        width = None if sys.stdout.isatty() else WIDE
        show(made, Console(highlight=False, markup=False, emoji=False, width=width))
    sys.stdout.flush()
    sys.stdout.buffer.write(msgspec.json.encode(made) + b"\n")
    return made


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
        return keep(chain(begun, events), named, number_plan(site), site.timezone, folder)
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
