"""One limit of one rule at several values: attacks woven into a PBX's own past, and false alarms in that past alone."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pandas as pd  # type: ignore[import-untyped]  # it ships no types
from pydantic import JsonValue

from detector.contract.events import AnyEvent, Unknown
from detector.detect.catalogue import catalogue
from detector.enrich.premises import compile_plan
from detector.enrich.tariff import minor_units
from detector.settings import profile
from streams.backtest.bench import Bench
from streams.backtest.history import keep
from streams.backtest.honest import lived_through
from streams.backtest.limits import with_limits
from streams.backtest.trials import planned, tried
from streams.config.installation import Installation, core_settings

SEED = 1
TUNED = ("value", "alarms", "trials", "found", "by_rule", "seconds", "spent")


def tuned(events: Iterable[AnyEvent | Unknown], settings: Installation, pbx: str, rule: str, limit: str,
          values: Sequence[JsonValue], attack: str, trials: int = 5) -> pd.DataFrame:  # fmt: skip
    """One row a value: false alarms the rule has a part in, and of how many attacks it is found.

    `found` are attacks that any rule named, `by_rule` those in which this one fired: in the middle after so many
    `seconds` and so much money `spent`. The first half of the past only teaches. All of it is taken for honest: an
    attack in it counts as a false alarm. Raises HistoryError.
    """
    site = profile(core_settings(settings), pbx, catalogue())
    units = minor_units(site.currency)
    with TemporaryDirectory() as folder:
        history = keep(events, pbx, compile_plan(site), site.timezone, Path(folder))
        first = history.days // 2
        bench = Bench(history, tuple(with_limits(settings, pbx, {rule: (limit, value)}) for value in values))
        plan = planned(attack, trials, first, history, bench.profiles[0], SEED)
        rows = []
        for which, value in enumerate(values):
            honest = lived_through(bench, which, first, {trial.day for trial in plan})
            verdicts = [tried(bench, which, trial) for trial in plan]
            fired = [verdict.rules[rule] for verdict in verdicts if rule in verdict.rules]
            rows.append((value, honest.by_rule().get(rule, 0), len(plan), sum(verdict.found for verdict in verdicts),
                         len(fired), median(one.delay for one in fired) if fired else None,
                         median(one.spent for one in fired) / units if fired else None))  # fmt: skip
    return pd.DataFrame(rows, columns=list(TUNED))
