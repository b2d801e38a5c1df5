"""Carries out `ringfence backtest`: history in, figures out as table, JSON and page."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from detector.contract.events import AnyEvent, Unknown
from detector.engine.registry import catalogue
from detector.engine.site import number_plan
from detector.settings import Settings, profile
from streams.audit.snapshots import write_private
from streams.backtest.attacks import ATTACKS
from streams.backtest.figures import Backtest
from streams.backtest.history import History, HistoryError, keep
from streams.backtest.report import as_page
from streams.backtest.run import Plan, Shown, backtest
from streams.backtest.table import show
from streams.failures import FAILED, WRONG_USAGE, err, fail

LEARNT = 14
"""Days of learning, where the history is twice as long."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    attacks: tuple[str, ...]
    trials: int
    warm_up: int | None
    seed: int
    false_alarms: float | None
    json: bool
    html: Path | None


def run_backtest(history: History | HistoryError, configs: dict[str, Settings], wanted: Wanted) -> Backtest:
    """Backtest one PBX's history, and show what came of it."""
    if isinstance(history, HistoryError):
        fail(f"--events: {history}", FAILED)
    plan = Plan(attacks=wanted.attacks, trials=wanted.trials, warm_up=learning(history, wanted.warm_up),
                seed=wanted.seed, wanted_rate=wanted.false_alarms)  # fmt: skip
    with progress() as shown:
        made = backtest(history, configs, plan, shown)
    if wanted.html is not None:
        write_private(wanted.html, as_page(made))
    if not wanted.json:
        show(made, Console(highlight=False, markup=False, emoji=False))
    sys.stdout.flush()
    sys.stdout.buffer.write(msgspec.json.encode(made) + b"\n")
    return made


def chosen(inject: str) -> tuple[str, ...]:
    """The attacks that are named, or an end that names those there are."""
    names = list(dict.fromkeys(name.strip() for name in inject.split(",") if name.strip()))
    if names == ["all"]:
        return tuple(ATTACKS)
    for name in names:
        if name not in ATTACKS:
            fail(f"--inject: no attack {name!r}; there are all, {', '.join(ATTACKS)}", WRONG_USAGE)
    if not names:
        fail(f"--inject: name an attack: all, {', '.join(ATTACKS)}", WRONG_USAGE)
    return tuple(names)


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
    events: Iterable[AnyEvent | Unknown], pbx: str | None, settings: Settings, folder: Path
) -> History | HistoryError:
    """The history of one PBX, sorted by day into `folder`, or why it cannot be used."""
    named = pbx if pbx is not None else settings.pbxs[0].id if len(settings.pbxs) == 1 else None
    site = profile(settings, named or "", catalogue())
    try:
        return keep(events, named, number_plan(site), site.timezone, folder)
    except HistoryError as error:
        return error


def learning(history: History, wanted: int | None) -> int:
    """Days that only teach, or an end if they leave none to judge."""
    if wanted is None:
        return min(LEARNT, history.days // 2)
    if wanted >= history.days:
        fail(f"--warm-up: {wanted} days of learning leave none to judge: there are {history.days}", WRONG_USAGE)
    return wanted


@contextmanager
def progress() -> Iterator[Shown]:
    """A bar for each step on a terminal; nothing where there is none."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:

        def shown(title: str, total: int) -> Callable[[], None]:
            task = bars.add_task(title, total=total)
            return lambda: bars.advance(task)

        yield shown
