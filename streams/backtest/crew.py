"""Runs a backtest on all cores: the honest history once for each configuration, then every trial, then limits."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, get_context
from signal import SIG_DFL, SIG_IGN, SIGINT, SIGTERM, signal
from typing import TypeVar

from msgspec import Struct

from models.intervals import rate
from streams.backtest.bench import Bench
from streams.backtest.figures import Backtest, Tuning, compared, config_figures
from streams.backtest.history import History
from streams.backtest.honest import Honest, again, lived_through
from streams.backtest.limits import FACTORS, main_limit, suggested, tried_limits, with_limits
from streams.backtest.trials import Trial, TrialVerdict, planned, tried
from streams.config.installation import Installation

A = TypeVar("A")
B = TypeVar("B")
Shown = Callable[[str, int], Callable[[], None]]
"""Told of a step and how much there is of it; what it gives is called at each piece that is done."""


class BacktestPlan(Struct, frozen=True, kw_only=True):
    """What to do: attacks, trials of each, days of learning, and the rate that limits are to keep to, if any."""

    attacks: tuple[str, ...]
    trials: int
    warm_up: int
    seed: int
    wanted_rate: float | None = None


class Here:
    """The bench of this process."""

    bench: Bench


def settle(history: History, settings: tuple[Installation, ...]) -> None:
    """A process begins; who interrupts all of them means the one that ends the others."""
    signal(SIGINT, SIG_IGN)
    signal(SIGTERM, SIG_DFL)
    Here.bench = Bench(history, settings)


def live(first: int, mornings: frozenset[int], which: int) -> Honest:
    """The honest history, in a process."""
    return lived_through(Here.bench, which, first, mornings)


def try_(job: tuple[int, Trial]) -> TrialVerdict:
    """One trial, in a process."""
    return tried(Here.bench, *job)


def live_again(first: int, settings: Installation) -> Honest:
    """The honest history under other limits, in a process."""
    return again(Here.bench, 0, first, settings)


class Crew:
    """The processes of a backtest, and who is told how far they are."""

    def __init__(self, pool: ProcessPoolExecutor, shown: Shown) -> None:
        self._pool = pool
        self._shown = shown

    def each(self, title: str, work: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """The results of `work` in the order of `items`."""
        given = list(items)
        done = self._shown(title, len(given))
        found = []
        for result in self._pool.map(work, given):
            found.append(result)
            done()
        return found


@contextmanager
def crew_of(history: History, settings: tuple[Installation, ...], shown: Shown) -> Iterator[Crew]:
    """As many processes as cores; whatever goes wrong ends them at once, and not when all they have is done."""
    with ProcessPoolExecutor(None, get_context("spawn"), settle, (history, settings)) as pool:
        try:
            yield Crew(pool, shown)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in active_children():
                process.terminate()
            raise


def backtest(history: History, configs: dict[str, Installation], plan: BacktestPlan, shown: Shown) -> Backtest:
    """All of it. `configs` are one or two, by what they are called. The same input gives the same figures."""
    settings, names = tuple(configs.values()), list(configs)
    bench = Bench(history, settings)
    trials = [planned(one, plan.trials, plan.warm_up, history, bench.profiles[0], plan.seed) for one in plan.attacks]
    jobs = sorted((trial for some in trials for trial in some), key=lambda trial: trial.day)
    mornings = frozenset({plan.warm_up, *(trial.day for trial in jobs)})
    both = range(len(settings))
    with crew_of(history, settings, shown) as crew:
        honest = crew.each("honest history", partial(live, plan.warm_up, mornings), both)
        verdicts = crew.each("attacks", try_, [(which, trial) for trial in jobs for which in both])
        tuning = tuned(crew, bench, plan, honest[0])
    by_config = [
        sorted(verdicts[which :: len(settings)], key=lambda one: (plan.attacks.index(one.attack), one.number))
        for which in both
    ]
    hidden = [not any(one.visible for one in same) for same in zip(*by_config, strict=True)]
    not_visible = Counter(one.attack for one, so in zip(by_config[0], hidden, strict=True) if so)
    by_config = [[one for one, so in zip(some, hidden, strict=True) if not so] for some in by_config]
    exposure = exposed(history, plan)
    figures = [config_figures(names[which], by_config[which], honest[which], exposure) for which in both]
    return Backtest(
        pbx=history.pbx, first=history.first.isoformat(), days=history.days, warm_up=plan.warm_up,
        events=history.events, extensions=len(history.extensions), extension_days=exposure,
        currency=bench.profiles[0].currency, seed=plan.seed, configs=tuple(figures),
        skipped=tuple(one for one, some in zip(plan.attacks, trials, strict=True) if not some),
        not_visible=dict(not_visible),
        comparison=compared(by_config, figures) if len(figures) > 1 else None, tuning=tuning,
    )  # fmt: skip


def exposed(history: History, plan: BacktestPlan) -> float:
    """Extensions times the days that are judged."""
    return float(len(history.extensions) * (history.days - plan.warm_up))


def tuned(crew: Crew, bench: Bench, plan: BacktestPlan, now: Honest) -> Tuning | None:
    """The honest history once more for each factor all limits are multiplied with, and once with what came of it."""
    if plan.wanted_rate is None:
        return None
    settings, pbx, exposure = bench.settings[0], bench.history.pbx, exposed(bench.history, plan)
    rules = {rule: one.limits for rule, one in bench.profiles[0].rules.items()}
    others = [with_limits(settings, pbx, tried_limits(rules, factor)) for factor in FACTORS]
    lived = crew.each("limits", partial(live_again, plan.warm_up), others)
    found = suggested(rules, now, list(zip(FACTORS, lived, strict=True)), plan.wanted_rate * exposure)
    chosen = {one.rule: (one.field, one.suggested) for one in found if one.suggested not in {None, one.now}}
    last = crew.each("all of them", partial(live_again, plan.warm_up), [with_limits(settings, pbx, chosen)])[0]
    return Tuning(
        wanted=plan.wanted_rate,
        suggestions=tuple(found),
        left_out={rule: now.by_rule().get(rule, 0) for rule in rules if main_limit(rule) is None},
        alarms=len(last.alarms),
        by_rule=last.by_rule(),
        rate=rate(len(last.alarms), exposure),
    )
