"""`python -m tests.evaluate [detecting|acting]`: honest months and attacks through the engine, as sources tell of them.

The last line is one JSON object.
"""

import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from statistics import median
from typing import TypeVar

from msgspec import Struct
from rich.console import Console
from rich.progress import track
from rich.table import Table

from streams.backtest.attacks import ATTACKS
from streams.backtest.slow import SLOW
from streams.backtest.trials import TrialVerdict
from tests.evaluate.auto.figures import (
    WORLDS,
    act,
    acting_jobs,
    acting_table,
    balances,
    cut_calls,
    not_contained,
    suffering,
)
from tests.evaluate.judge import Attacked, Month, Quiet
from tests.evaluate.month import sites
from tests.evaluate.profiles import BY_NAME, IDEAL, PROFILES, Seen

SEEDS = (1, 2, 3)
HELD_OUT = (101, 102, 103, 104)
"""Seeds that nobody looked at while limits were chosen."""
NAMES = [site.pbx for site in sites()]
COLUMNS = (*PROFILES, IDEAL)
ADDED = PROFILES[0]
"""Where it is tried out what models add."""

J = TypeVar("J")
D = TypeVar("D")


class Job(Struct, frozen=True):
    """A month of one PBX, as one profile tells it, and the attacks that are woven into it."""

    seed: int
    pbx: str
    seen: str
    attacks: tuple[str, ...]
    models: bool = True


class Done(Struct, frozen=True):
    """What came of it."""

    job: Job
    quiet: Quiet
    trials: tuple[Attacked, ...]


def work(job: Job) -> Done:
    """Live through a month, and through its attacks."""
    site = next(site for site in sites() if site.pbx == job.pbx)
    month = Month(site, job.seed, BY_NAME[job.seen], models=job.models)
    return Done(job, month.quiet, tuple(month.attacked(attack) for attack in job.attacks))


def loud() -> dict[tuple[int, str], list[str]]:
    """Every attack once in each seed, on another PBX each time."""
    jobs: dict[tuple[int, str], list[str]] = {(seed, pbx): [] for seed in SEEDS for pbx in NAMES}
    for seed in SEEDS:
        for turn, attack in enumerate(ATTACKS, seed):
            jobs[seed, NAMES[turn % len(NAMES)]].append(attack)
    return jobs


def slow() -> dict[tuple[int, str], list[str]]:
    """Each slow attack on three PBXs in each of the held-out seeds."""
    jobs: dict[tuple[int, str], list[str]] = {(seed, pbx): [] for seed in HELD_OUT for pbx in NAMES}
    for seed in HELD_OUT:
        for number, attack in enumerate(SLOW):
            for turn in range(3):
                jobs[seed, NAMES[(number + seed + turn * 2) % len(NAMES)]].append(attack)
    return jobs


class Column(Struct, frozen=True):
    """The figures of one profile; `hidden` says of each attack whether it could have been found there at all."""

    seen: Seen
    quiet: tuple[Quiet, ...]
    trials: tuple[TrialVerdict, ...]
    hidden: tuple[bool, ...]

    def found(self, attack: str | None = None) -> list[TrialVerdict]:
        """Attacks of this name, or all, that were found with the right subject."""
        return [one for one in self.trials if one.found and attack in {None, one.attack}]

    def missed(self, attack: str | None = None) -> list[TrialVerdict]:
        """Those that could have been found."""
        return [one for one, hidden in zip(self.trials, self.hidden, strict=True)
                if not one.found and not hidden and attack in {None, one.attack}]  # fmt: skip

    def figures(self) -> dict[str, float | None]:
        """As they are printed."""
        days = sum(one.extension_days for one in self.quiet)
        incidents = sum(len(one.incidents) for one in self.quiet)
        found, missed = self.found(), self.missed()
        delays = [one.delay for one in found if one.delay is not None]
        return {
            "honest_events": sum(one.events for one in self.quiet), "extension_days": days,
            "attacks": len(self.trials), "found": len(found), "missed": len(missed),
            "not_visible": len(self.trials) - len(found) - len(missed),
            "in_one_incident": sum(one.incidents == 1 for one in found),
            "of_the_right_kind": sum(one.kind_right for one in found), "contained": sum(one.contained for one in found),
            "median_delay_seconds": median(delays) if delays else None,
            "false_incidents": incidents, "false_incidents_per_extension_day": round(incidents / days, 5),
            "incidents_falsely_contained": sum(len({d.incident for d in one.containments}) for one in self.quiet),
            "false_containments": sum(len(one.containments) for one in self.quiet),
        }  # fmt: skip


def column(seen: Seen, done: Sequence[Done], ideal: Sequence[Attacked]) -> Column:
    """The figures of one profile, beside what is found where everything is told."""
    trials = [trial for one in done for trial in one.trials]
    hidden = tuple(is_hidden(there, where_all_is_told) for there, where_all_is_told in zip(trials, ideal, strict=True))
    return Column(seen, tuple(one.quiet for one in done), tuple(one.verdict for one in trials), hidden)


def is_hidden(there: Attacked, ideal: Attacked) -> bool:
    """Whether no rule could find it there: none of those that do where everything is told, or none at all."""
    rules = there.sighted.intersection(ideal.verdict.rules) if ideal.verdict.found else there.sighted
    return not rules


def columns(
    pool: Executor, err: Console, what: str, months: dict[tuple[int, str], list[str]]
) -> tuple[list[Column], list[Attacked]]:
    """The same months and attacks through every profile; and what became of the attacks where everything is told."""
    jobs = [Job(seed, pbx, seen.name, tuple(attacks)) for (seed, pbx), attacks in months.items() for seen in COLUMNS]
    done = run(pool, err, what, work, jobs)
    everything = [trial for one in done if one.job.seen == IDEAL.name for trial in one.trials]
    by_seen = [[one for one in done if one.job.seen == seen.name] for seen in COLUMNS]
    return [column(seen, own, everything) for seen, own in zip(COLUMNS, by_seen, strict=True)], everything


def run(pool: Executor, err: Console, what: str, work: Callable[[J], D], jobs: Sequence[J]) -> list[D]:
    """All jobs, in their order."""
    return list(track(pool.map(work, jobs), what, total=len(jobs), console=err))


def side_by_side(title: str, made: Sequence[Column]) -> Table:
    """A row a figure, a column a profile."""
    table = Table("", *(one.seen.name for one in made), title=title)
    figures = [one.figures() for one in made]
    for name in figures[0]:
        table.add_row(name.replace("_", " "), *("-" if each[name] is None else f"{each[name]:,}" for each in figures))
    return table


def by_attack(title: str, made: Sequence[Column]) -> Table:
    """A row an attack, with how often it is found, and what was missed."""
    table = Table("attack", *(one.seen.name for one in made), "by", title=title)
    for attack in dict.fromkeys(trial.attack for trial in made[-1].trials):
        rules = sorted({rule for one in made for trial in one.found(attack) for rule in trial.rules})
        table.add_row(attack, *(cell(attack, one) for one in made), ", ".join(rules))
    return table


def cell(attack: str, made: Column) -> str:
    """`3 of 3`, `2 of 3, 1 missed` or `not visible`."""
    trials = [one for one in made.trials if one.attack == attack]
    found, missed = len(made.found(attack)), len(made.missed(attack))
    if not found and not missed:
        return "not visible"
    return f"{found} of {len(trials)}" + (f", {missed} missed" if missed else "")


def honest(made: Sequence[Column]) -> Table:
    """The rules that alarmed in honest months, with how often they fired."""
    table = Table("rule", *(one.seen.name for one in made), title="Honest months: alarms that were none, by rule")
    for rule in sorted({rule for one in made for quiet in one.quiet for rule in quiet.rules}):
        table.add_row(rule, *(str(sum(quiet.rules.get(rule, 0) for quiet in one.quiet)) for one in made))
    return table


def detecting(pool: Executor, err: Console, out: Console) -> dict[str, object]:
    """What is found, and what alarms falsely; then the same of slow attacks, with and without models."""
    usual, _ = columns(pool, err, "attacks", loud())
    held_out, everything = columns(pool, err, "held-out seeds", slow())
    jobs = [Job(seed, pbx, ADDED.name, tuple(attacks), models=False) for (seed, pbx), attacks in slow().items()]
    alone = column(ADDED, run(pool, err, "held-out seeds, without models", work, jobs), everything)
    out.print(side_by_side("Attacks, and the honest months around them", usual), by_attack("Attacks", usual))
    out.print(honest(usual), side_by_side("Slow attacks on held-out seeds", held_out))
    out.print(by_attack("Slow attacks on held-out seeds", held_out))
    out.print(side_by_side("The same without models", [alone]))
    return {
        "profiles": {one.seen.name: one.figures() for one in usual},
        "held_out": {one.seen.name: one.figures() for one in held_out},
        "held_out_without_models": {ADDED.name: alone.figures()},
    }


def acting(pool: Executor, err: Console, out: Console) -> dict[str, object]:
    """What acting by itself does to attackers and to honest people, in offices that no rule was made with in view."""
    jobs = [job for seen in COLUMNS for job in acting_jobs(WORLDS, seen)]
    made = balances(run(pool, err, "all rules acting by themselves", act, jobs))
    for table in (acting_table(made), suffering(made), cut_calls(made), not_contained(made)):
        out.print(table)
    return {"auto": {one.seen.name: one.figures() for one in made}}


PARTS = {"detecting": detecting, "acting": acting}


def main() -> None:
    """Evaluate on all cores: the parts that are named, or all."""
    err = Console(stderr=True)
    out = Console() if sys.stdout.isatty() else Console(width=200)
    figures: dict[str, object] = {}
    with ProcessPoolExecutor() as pool:
        for part in sys.argv[1:] or PARTS:
            figures |= PARTS[part](pool, err, out)
    print(json.dumps(figures))


if __name__ == "__main__":
    sys.exit(main())
