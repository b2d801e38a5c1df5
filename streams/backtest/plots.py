"""The plots of a backtest's page: a row an attack or rule, in it a bar for each configuration with its interval."""

from collections.abc import Callable, Mapping
from math import log10

from msgspec import Struct

from detector.enrich.tariff import amount
from models.intervals import Interval
from streams.backtest import table
from streams.backtest.figures import AttackFigures, Backtest, ConfigFigures, Spread

WIDTH = 420.0
MOST_RULES = 12


class Measure(Struct, frozen=True):
    """A value, where it may lie in truth, and how it is written."""

    value: float
    low: float
    high: float
    text: str


class Bar(Struct, frozen=True):
    """A measure in pixels from the left."""

    width: float
    low: float
    high: float
    text: str


class Plot(Struct, frozen=True):
    """Rows of bars, one for each configuration; None where nothing was measured."""

    title: str
    note: str
    rows: dict[str, tuple[Bar | None, ...]]


Rows = Mapping[str, tuple[Measure | None, ...]]


def plots(made: Backtest) -> list[Plot]:
    """Attacks found, how fast, what they cost, and who alarms falsely."""

    def attacks(measure: Callable[[AttackFigures], Measure | None]) -> Rows:
        pairs = zip(*(one.attacks for one in made.configs), strict=True)
        return {same[0].attack: tuple(measure(one) for one in same) for same in pairs}

    def money(value: float) -> str:
        return amount(round(value), made.currency)

    return [
        plot("Attacks found", "Share of the trials of each attack; full width is all of them.",
             attacks(found), full=1),
        plot("Time until the alarm", "Median of the trials that were found, on a logarithmic scale.",
             attacks(lambda one: middle(one.delay, table.seconds)), scale=lambda value: log10(1 + value)),
        plot("Money gone until the alarm", "Median of all trials; in all where nobody was alarmed.",
             attacks(lambda one: middle(one.money_at_alarm, money))),
        plot("Money gone until containment", "Median of all trials; in all where nothing was stopped.",
             attacks(lambda one: middle(one.money, money))),
        plot("False alarms", "Of each rule per extension and day, the loudest first.", alarms(made.configs)),
    ]  # fmt: skip


def plot(title: str, note: str, rows: Rows, *, full: float | None = None,
         scale: Callable[[float], float] = float) -> Plot:  # fmt: skip
    """Measures as bars; `full` is as wide as can be, by default the largest there is."""
    most = scale(full or max((one.high for row in rows.values() for one in row if one is not None), default=0)) or 1

    def bar(one: Measure) -> Bar:
        value, low, high = (round(scale(value) / most * WIDTH, 1) for value in (one.value, one.low, one.high))
        return Bar(value, low, high, one.text)

    return Plot(title, note, {
        name: tuple(None if one is None else bar(one) for one in row)
        for name, row in rows.items()
    })  # fmt: skip


def found(one: AttackFigures) -> Measure | None:
    """How many of the trials were found."""
    return interval(one.recall, f"{one.found} of {one.trials}")


def interval(one: Interval | None, text: str) -> Measure | None:
    """An estimate with its interval."""
    return None if one is None else Measure(one.value, one.low, one.high, text)


def middle(one: Spread | None, say: Callable[[float], str]) -> Measure | None:
    """A median; few trials give no interval, which is then as short as the bar's end."""
    if one is None:
        return None
    low, high = (one.median if end is None else end for end in (one.low, one.high))
    return Measure(one.median, low, high, say(one.median))


def alarms(configs: tuple[ConfigFigures, ...]) -> Rows:
    """The loudest rules of any configuration."""
    by_rule = [{rule.rule: rule for rule in one.rules} for one in configs]
    total = {rule: sum(one[rule].false_alarms for one in by_rule if rule in one) for rules in by_rule for rule in rules}
    loud = sorted((rule for rule, count in total.items() if count), key=lambda rule: (-total[rule], rule))
    return {
        rule: tuple(
            interval(one[rule].false_alarm_rate, f"{one[rule].false_alarms} alarms") if rule in one else None
            for one in by_rule
        )
        for rule in loud[:MOST_RULES]
    }
