"""`python -m tests.evaluate`: honest months and attacks through the engine; the last line is one JSON object."""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from statistics import median

from rich.console import Console
from rich.progress import track
from rich.table import Table

from streams.backtest.attacks import ATTACKS
from tests.evaluate.judge import Found, Quiet, judged_attack, judged_quiet
from tests.evaluate.month import sites

SEEDS = (1, 2, 3)
NAMES = [site.pbx for site in sites()]


def quiet(given: tuple[str, int]) -> Quiet:
    """An honest month of one PBX."""
    pbx, seed = given
    return judged_quiet(next(site for site in sites() if site.pbx == pbx), seed)


def attacked(given: tuple[str, str, int]) -> Found:
    """An attack on one PBX."""
    pbx, attack, seed = given
    return judged_attack(next(site for site in sites() if site.pbx == pbx), attack, seed)


def main() -> None:
    """Evaluate on all cores."""
    err = Console(stderr=True)
    out = Console() if sys.stdout.isatty() else Console(width=180)
    months = list(product(NAMES, SEEDS))
    attacks = [(NAMES[n % len(NAMES)], attack, seed) for seed in SEEDS for n, attack in enumerate(ATTACKS, seed)]
    with ProcessPoolExecutor() as pool:
        honest = list(track(pool.map(quiet, months), "honest months", total=len(months), console=err))
        found = list(track(pool.map(attacked, attacks), "attacks", total=len(attacks), console=err))
    days = sum(one.extension_days for one in honest)
    false = sum(len(one.incidents) for one in honest)
    table = Table("PBX", "events", "false incidents", "containments", "by rule", title="Honest months")
    for (pbx, seed), one in zip(months, honest, strict=True):
        table.add_row(f"{pbx} {seed}", f"{one.events:,}", str(len(one.incidents)), str(len(one.containments)),
                      ", ".join(f"{rule} {count}" for rule, count in sorted(one.rules.items())))  # fmt: skip
    out.print(table)
    table = Table("attack", "PBX", "named", "incidents", "kind", "acted", "after", "spent", "rules", title="Attacks")
    for hit in found:
        table.add_row(hit.attack, hit.pbx, "yes" if hit.named else "NO", str(hit.incidents),
                      hit.kind + ("" if hit.kind_right else " (?)"), "yes" if hit.contained else "no",
                      f"{hit.delay:,.0f} s", f"{hit.spent / 100:,.2f}", ", ".join(hit.rules))  # fmt: skip
    out.print(table)
    print(json.dumps({
        "honest_events": sum(one.events for one in honest), "extension_days": days, "false_incidents": false,
        "false_incidents_per_extension_day": round(false / days, 5),
        "false_containments": sum(len(one.containments) for one in honest),
        "attacks": len(found), "attacks_found": sum(hit.named for hit in found),
        "attacks_in_one_incident": sum(hit.named and hit.incidents == 1 for hit in found),
        "attacks_of_the_right_kind": sum(hit.kind_right for hit in found),
        "median_delay_seconds": median([hit.delay for hit in found if hit.named]),
    }))  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
