"""`python -m tests.evaluate`: honest months and attacks through the engine; the last line is one JSON object."""

import json
import sys
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from itertools import product
from statistics import median
from typing import NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

from streams.backtest.attacks import ATTACKS
from streams.backtest.slow import SLOW
from streams.backtest.trials import TrialVerdict
from tests.evaluate.judge import Quiet, judged_attack, judged_quiet
from tests.evaluate.month import sites

SEEDS = (1, 2, 3)
HELD_OUT = (101, 102, 103, 104)
"""Seeds that nobody looked at while limits were chosen."""
NAMED = {False: "thresholds", True: "with models"}
NAMES = [site.pbx for site in sites()]


def quiet(given: tuple[str, int], models: bool = True) -> Quiet:
    """An honest month of one PBX."""
    pbx, seed = given
    return judged_quiet(next(site for site in sites() if site.pbx == pbx), seed, models=models)


def attacked(given: tuple[str, str, int], models: bool = True) -> TrialVerdict:
    """An attack on one PBX."""
    pbx, attack, seed = given
    return judged_attack(next(site for site in sites() if site.pbx == pbx), attack, seed, models=models)


class Slow(NamedTuple):
    """What came of seeds that nothing was tuned on: slow attacks, and the honest months they were woven into."""

    attacks: list[tuple[str, str, int]]
    found: list[TrialVerdict]
    honest: list[Quiet]

    def figures(self) -> dict[str, float]:
        """As they are printed."""
        days = sum(one.extension_days for one in self.honest)
        false = sum(len(one.incidents) for one in self.honest)
        return {
            "slow_attacks": len(self.found), "slow_attacks_found": sum(one.found for one in self.found),
            "false_incidents": false, "false_incidents_per_extension_day": round(false / days, 5),
            "false_containments": sum(len(one.containments) for one in self.honest),
        }  # fmt: skip


def slowly(pool: Executor, err: Console, *, models: bool) -> Slow:
    """Each slow attack on three PBXs in each of the held-out seeds."""
    months = list(product(NAMES, HELD_OUT))
    attacks = [(NAMES[(n + seed + turn * 2) % len(NAMES)], attack, seed)
               for seed in HELD_OUT for n, attack in enumerate(SLOW) for turn in range(3)]  # fmt: skip
    what = f"held-out seeds, {NAMED[models]}"
    found = track(pool.map(partial(attacked, models=models), attacks), what, total=len(attacks), console=err)
    honest = track(pool.map(partial(quiet, models=models), months), what, total=len(months), console=err)
    return Slow(attacks, list(found), list(honest))


def side_by_side(compared: dict[bool, Slow]) -> Table:
    """Thresholds alone beside thresholds with models."""
    table = Table("slow attack", *(NAMED[models] for models in compared), "by", title="Held-out seeds: found, of all")
    for attack in SLOW:
        own = {models: [one for one in slow.found if one.attack == attack] for models, slow in compared.items()}
        rules = sorted({rule for one in own[True] for rule in one.rules if one.found})
        table.add_row(attack, *(f"{sum(one.found for one in found)} of {len(found)}" for found in own.values()),
                      ", ".join(rules))  # fmt: skip
    figures = [slow.figures() for slow in compared.values()]
    table.add_row(
        "false incidents an extension and day", *(f"{f['false_incidents_per_extension_day']:.4f}" for f in figures)
    )
    table.add_row("false containments", *(str(each["false_containments"]) for each in figures))
    return table


def main() -> None:
    """Evaluate on all cores."""
    err = Console(stderr=True)
    out = Console() if sys.stdout.isatty() else Console(width=180)
    months = list(product(NAMES, SEEDS))
    attacks = [(NAMES[n % len(NAMES)], attack, seed) for seed in SEEDS for n, attack in enumerate(ATTACKS, seed)]
    with ProcessPoolExecutor() as pool:
        honest = list(track(pool.map(quiet, months), "honest months", total=len(months), console=err))
        found = list(track(pool.map(attacked, attacks), "attacks", total=len(attacks), console=err))
        compared = {models: slowly(pool, err, models=models) for models in (False, True)}
    days = sum(one.extension_days for one in honest)
    false = sum(len(one.incidents) for one in honest)
    table = Table("PBX", "events", "false incidents", "containments", "by rule", title="Honest months")
    for (pbx, seed), one in zip(months, honest, strict=True):
        table.add_row(f"{pbx} {seed}", f"{one.events:,}", str(len(one.incidents)), str(len(one.containments)),
                      ", ".join(f"{rule} {count}" for rule, count in sorted(one.rules.items())))  # fmt: skip
    out.print(table)
    table = Table("attack", "PBX", "named", "incidents", "kind", "acted", "after", "spent", "rules", title="Attacks")
    for (pbx, _, _), hit in zip(attacks, found, strict=True):
        table.add_row(hit.attack, pbx, "yes" if hit.found else "NO", str(hit.incidents),
                      hit.kind + ("" if hit.kind_right else " (?)"), "yes" if hit.contained else "no",
                      "-" if hit.delay is None else f"{hit.delay:,.0f} s", f"{hit.spent / 100:,.2f}",
                      ", ".join(sorted([*hit.rules, *hit.noted])))  # fmt: skip
    out.print(table)
    out.print(side_by_side(compared))
    print(json.dumps({
        "honest_events": sum(one.events for one in honest), "extension_days": days, "false_incidents": false,
        "false_incidents_per_extension_day": round(false / days, 5),
        "false_containments": sum(len(one.containments) for one in honest),
        "attacks": len(found), "attacks_found": sum(hit.found for hit in found),
        "attacks_in_one_incident": sum(hit.found and hit.incidents == 1 for hit in found),
        "attacks_of_the_right_kind": sum(hit.kind_right for hit in found),
        "held_out": {NAMED[models]: one.figures() for models, one in compared.items()},
        "median_delay_seconds": median([hit.delay for hit in found if hit.delay is not None]),
    }))  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
