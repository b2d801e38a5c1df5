"""The figures of a backtest in a terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from detector.enrich.tariff import amount
from streams.audit.report import visible
from streams.backtest.figures import Backtest, Comparison, ConfigFigures, Spread, Tuning
from streams.backtest.intervals import Interval


def show(made: Backtest, console: Console) -> None:
    """Everything a person would ask first."""
    say(console, f"{made.pbx}: {made.days} days from {made.first}, {made.extensions} extensions, {made.events:,} "
                 f"events; the first {made.warm_up} days only taught. In brackets: 95 % intervals.")  # fmt: skip
    for name in made.skipped:
        say(console, f"{name}: not tried; the sources of this history would not tell of it")
    for one in made.configs:
        say(console, summed(one))
        console.print(attacks(made, one), rules(one))
    if made.comparison is not None:
        say(console, in_words(made.comparison, made.configs))
    if made.tuning is not None:
        console.print(limits(made.tuning))
        say(console, f"With all of them: {each(made.tuning.rate)} false alarms per extension and day")


def say(console: Console, text: str) -> None:
    """A line in which names from outside can do no harm."""
    console.print(Text(str(visible(text))))


def summed(one: ConfigFigures) -> str:
    """A configuration in one line."""
    broken = "".join(f"; rule {rule} broke {count} times" for rule, count in sorted(one.broken.items()))
    return (
        f"{one.config}: found {percent(one.recall)} of the attacks; {one.false_alarms} false alarms, "
        f"{each(one.false_alarm_rate)} per extension and day; {one.false_containments} false containments{broken}"
    )


def attacks(made: Backtest, one: ConfigFigures) -> Table:
    """A row an attack."""
    table = Table("attack", "found", "recall", "alarm after", "contained", "money at the alarm", "until contained",
                  title=Text(str(visible(one.config))))  # fmt: skip
    for attack in one.attacks:
        table.add_row(
            attack.attack, f"{attack.found} of {attack.trials}", percent(attack.recall), duration(attack.delay),
            f"{attack.contained} of {attack.trials}", money(attack.money_at_alarm, made.currency),
            money(attack.money, made.currency),
        )  # fmt: skip
    return table


def rules(one: ConfigFigures) -> Table:
    """A row a rule."""
    table = Table("rule", "fired in", "recall there", "after", "false alarms", "per extension and day")
    for rule in one.rules:
        fired = ", ".join(f"{attack} {count}" for attack, count in rule.fired.items())
        table.add_row(rule.rule, fired or "-", percent(rule.recall), duration(rule.delay), str(rule.false_alarms),
                      each(rule.false_alarm_rate))  # fmt: skip
    return table


def limits(tuning: Tuning) -> Table:
    """A row a rule whose limit could be another one."""
    title = f"Limits for at most {tuning.wanted:g} false alarms of each rule per extension and day"
    table = Table("rule", "limit", "now", "suggested", "false alarms at each value tried", title=title)
    for one in tuning.suggestions:
        tried = ", ".join(f"{value:g}: {count}" for value, count in one.alarms.items())
        table.add_row(one.rule, one.field, f"{one.now:g}", "none tried" if one.suggested is None else
                      f"{one.suggested:g}", tried)  # fmt: skip
    return table


def in_words(found: Comparison, configs: tuple[ConfigFigures, ...]) -> str:
    """A comparison in one line."""
    better = "neither finds more" if found.better is None else f"{found.better} finds more"
    sure = "" if found.better is None else ", clearly" if found.clear else ", which may be chance"
    quiet = f"fewer false alarms: {found.fewer_false_alarms or 'neither'}"
    return (
        f"The same trials under both: {better}{sure} (only {configs[0].config} {found.only_config}, only "
        f"{configs[1].config} {found.only_against}, both {found.both}, neither {found.neither}; "
        f"p {found.p:.3g}); {quiet}; faster: {found.faster or 'neither'}; cheaper: {found.cheaper or 'neither'}"
    )


def percent(found: Interval | None) -> str:
    """`95 % (72 to 99)`."""
    return "-" if found is None else f"{found.value:.0%} ({found.low:.0%} to {found.high:.0%})".replace("%", " %")


def each(found: Interval) -> str:
    """`0.0031 (0.0009 to 0.0078)`."""
    return f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})"


def duration(found: Spread | None) -> str:
    """The middle, and nine of ten."""
    return "-" if found is None else f"{seconds(found.median)}, 90 %: {seconds(found.p90)}"


def seconds(value: float) -> str:
    """As people say it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if value >= 2 * size:
            return f"{value / size:.1f} {unit}"
    return f"{value:.0f} s"


def money(found: Spread | None, currency: str) -> str:
    """The middle, and nine of ten."""
    if found is None:
        return "-"
    return f"{amount(round(found.median), currency)}, 90 %: {amount(round(found.p90), currency)}"
