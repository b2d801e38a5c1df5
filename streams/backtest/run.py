"""Runs a backtest on all cores: the honest history once for each configuration, then every trial, then limits."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

from msgspec import Struct

from detector.params import Params
from detector.settings import Settings
from streams.backtest.bench import Bench
from streams.backtest.figures import Backtest, compared, config_figures
from streams.backtest.history import History
from streams.backtest.honest import Honest, again, lived_through
from streams.backtest.intervals import rate
from streams.backtest.limits import FACTORS, Suggestion, suggested, tried_limits, with_limits
from streams.backtest.trials import Trial, Verdict, planned, tried

A, B = TypeVar("A"), TypeVar("B")
Shown = Callable[[str, int], Callable[[], None]]
"""Told of a step and how much there is of it; what it gives is called at each piece that is done."""


class Plan(Struct, frozen=True, kw_only=True):
    """What to do: attacks, trials of each, days of learning, and the rate that limits are to keep to, if any."""

    attacks: tuple[str, ...]
    trials: int
    warm_up: int
    seed: int
    wanted_rate: float | None = None
    processes: int | None = None


class Here:
    """The bench of this process."""

    bench: Bench


def settle(history: History, settings: tuple[Settings, ...]) -> None:
    """A process begins."""
    Here.bench = Bench(history, settings)


def live(first: int, mornings: frozenset[int], which: int) -> Honest:
    """The honest history, in a process."""
    return lived_through(Here.bench, which, first, mornings)


def try_(job: tuple[int, Trial]) -> Verdict:
    """One trial, in a process."""
    return tried(Here.bench, *job)


def live_again(first: int, settings: Settings) -> Honest:
    """The honest history under other limits, in a process."""
    return again(Here.bench, 0, first, settings)


def backtest(history: History, configs: dict[str, Settings], plan: Plan, shown: Shown) -> Backtest:
    """All of it. `configs` are one or two, by what they are called. The same input gives the same figures."""
    settings, names = tuple(configs.values()), list(configs)
    bench = Bench(history, settings)
    trials = [planned(one, plan.trials, plan.warm_up, history, bench.profiles[0], plan.seed) for one in plan.attacks]
    jobs = sorted((trial for some in trials for trial in some), key=lambda trial: trial.day)
    mornings = frozenset({plan.warm_up, *(trial.day for trial in jobs)})
    exposure = float(len(history.extensions) * (history.days - plan.warm_up))
    start = partial(ProcessPoolExecutor, plan.processes, get_context("spawn"), settle, (history, settings))
    with start() as pool:
        def each(title: str, work: Callable[[A], B], items: Iterable[A]) -> list[B]:
            given = list(items)
            done = shown(title, len(given))
            return list(ticking(pool.map(work, given), done))

        honest = each("honest history", partial(live, plan.warm_up, mornings), range(len(settings)))
        verdicts = each("attacks", try_, [(which, trial) for trial in jobs for which in range(len(settings))])
        rules = {rule: one.limits for rule, one in bench.profiles[0].rules.items()}
        suggestions, after = [], None
        if plan.wanted_rate is not None:
            allowed = plan.wanted_rate * exposure
            suggestions, after = limits(each, partial(live_again, plan.warm_up), bench, rules, honest[0], allowed)
    by_config = [
        sorted(verdicts[which :: len(settings)], key=lambda one: (plan.attacks.index(one.attack), one.number))
        for which in range(len(settings))
    ]
    figures = tuple(map(config_figures, names, by_config, honest, [exposure] * len(names)))
    return Backtest(
        pbx=history.pbx, first=history.first.isoformat(), days=history.days, warm_up=plan.warm_up,
        events=history.events, extensions=len(history.extensions), extension_days=exposure,
        currency=bench.profiles[0].currency, seed=plan.seed, configs=figures,
        skipped=tuple(one for one, some in zip(plan.attacks, trials, strict=True) if not some),
        comparison=compared((names[0], names[1]), *by_config, figures) if len(names) > 1 else None,
        wanted_rate=plan.wanted_rate, suggestions=tuple(suggestions),
        suggested_rate=None if after is None else rate(len(after.alarms), exposure),
    )  # fmt: skip
