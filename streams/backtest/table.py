"""The figures of a backtest in a terminal."""

from collections.abc import Callable, Iterator

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from detector.enrich.tariff import amount
from models.intervals import Interval
from streams.backtest.figures import Backtest, Comparison, ConfigFigures, RuleFigures, Spread, Tuning
from streams.backtest.limits import Suggestion, shown
from streams.report.visible_text import visible


def tables(made: Backtest) -> Iterator[RenderableType]:
    """Everything a person would ask first, in the order in which it is shown."""
    yield line(f"{made.pbx}: {made.days} days from {made.first}, {made.extensions} extensions, {made.events:,} "
               f"events; the first {made.warm_up} days only taught. In brackets: 95 % intervals.")  # fmt: skip
    for name in made.skipped:
        yield line(f"{name}: not visible, so not tried; the sources of this history would not tell of it")
    for name, trials in made.not_visible.items():
        yield line(f"{name}: not visible in {trials} trials; the sources do not tell what it is found by")
    for one in made.configs:
        yield line(summed(one))
        yield attacks(made, one)
        yield rules(made, one)
    if made.comparison is not None:
        yield line(in_words(made.comparison, made.configs))
    if made.tuning is not None:
        yield limits(made.tuning)
        yield line(untuned(made.tuning))
        yield line(f"With all of them: {each(made.tuning.rate)} false alarms per extension and day")


def line(text: str) -> Text:
    """A line in which names from outside can do no harm."""
    return Text(str(visible(text)))


def summed(one: ConfigFigures) -> str:
    """A configuration in one line."""
    broken = "".join(f"; rule {rule} broke {count} times" for rule, count in sorted(one.broken.items()))
    return (
        f"{one.config}: found {percent(one.recall)} of the attacks; {one.false_alarms} false alarms, "
        f"{each(one.false_alarm_rate)} per extension and day; {one.false_containments} false containments{broken}"
    )


def attacks(made: Backtest, one: ConfigFigures) -> Table:
    """A row an attack."""
    table = Table(unbroken("attack"), "found", "recall", "alarm after", "contained", f"{made.currency} at the alarm",
                  "until contained", title=Text(str(visible(one.config))))  # fmt: skip
    for attack in one.attacks:
        table.add_row(
            attack.attack, f"{attack.found} of {attack.trials}", percent(attack.recall), duration(attack.delay),
            f"{attack.contained} of {attack.trials}", money(attack.money_at_alarm, made.currency),
            money(attack.money, made.currency),
        )  # fmt: skip
    return table


def rules(made: Backtest, one: ConfigFigures) -> Table:
    """A row a rule that alarmed, and every model that said anything, those after a line of their own."""
    table = Table(unbroken("rule"), "", "recall", "after", f"{made.currency} by then", "false alarms",
                  "per extension and day")  # fmt: skip
    limits, models = ([rule for rule in one.rules if rule.model is model] for model in (False, True))
    for rule in [*limits, *models]:
        if rule.model or rule.fired or rule.false_alarms:
            table.add_row(
                rule.rule, kind(rule), percent(rule.recall), duration(rule.delay), money(rule.money, made.currency),
                str(rule.false_alarms), each(rule.false_alarm_rate), end_section=rule in limits[-1:],
            )  # fmt: skip
    return table


def unbroken(heading: str) -> Column:
    """A column of names that are to be read in one piece."""
    return Column(heading, no_wrap=True)


def kind(rule: RuleFigures) -> str:
    """Who speaks: a limit or a model."""
    return "model" if rule.model else "limit"


def fired(rule: RuleFigures) -> str:
    """In how many trials of what; information, which alarms nobody, is told apart."""
    alarmed = [f"{attack} {count}" for attack, count in rule.fired.items()]
    noted = [f"{attack} {count}" for attack, count in rule.noted.items()]
    return "; ".join(filter(None, (", ".join(alarmed), "information only: " * bool(noted) + ", ".join(noted)))) or "-"


def limits(tuning: Tuning) -> Table:
    """A row a rule whose limit could be another one."""
    title = f"Limits for at most {tuning.wanted:g} false alarms of each rule per extension and day"
    table = Table("rule", "limit", "now", "suggested", "false alarms at each value tried", title=title)
    for one in tuning.suggestions:
        table.add_row(one.rule, one.field, shown(one.now), suggestion(one), tried(one))
    return table


def suggestion(one: Suggestion) -> str:
    """The limit to take."""
    return "none tried" if one.suggested is None else shown(one.suggested)


def tried(one: Suggestion) -> str:
    """What came of each value."""
    return ", ".join(f"{value}: {count}" for value, count in one.alarms.items())


def untuned(tuning: Tuning) -> str:
    """Rules for which nothing can be suggested, the loud ones first."""
    loud = [f"{rule} ({count})" for rule, count in tuning.left_out.items() if count]
    rest = [rule for rule, count in tuning.left_out.items() if not count]
    return (
        f"Without a limit that could be tried, with their false alarms: {', '.join(loud) or 'none'}; without any: "
        + (", ".join(rest))
    )


def brief(made: Backtest, one: ConfigFigures) -> list[str]:
    """What somebody must know who reads nothing else."""
    trials, found = sum(a.trials for a in one.attacks), sum(a.found for a in one.attacks)
    acted = sum(a.contained for a in one.attacks)
    weak = ", ".join(a.attack for a in one.attacks if a.found * 2 < a.trials)
    weeks = (made.days - made.warm_up) / 7
    return [
        f"{found} of {trials} staged attacks were found; {acted} were stopped without anybody being asked.",
        f"Found in fewer than half of the trials: {weak or 'none'}.",
        f"{one.false_alarms} false alarms in {made.days - made.warm_up} days, {one.false_alarms / weeks:.1f} a week "
        f"for all {made.extensions} extensions.",
        f"{one.false_containments} times somebody would have been stopped wrongly.",
    ]


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
    return "-" if found is None else f"{found.value * 100:.0f} % ({found.low * 100:.0f} to {found.high * 100:.0f})"


def each(found: Interval) -> str:
    """`0.0031 (0.0009 to 0.0078)`."""
    return f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})"


def duration(found: Spread | None) -> str:
    """The middle with its interval, and nine of ten."""
    return spread(found, seconds)


def spread(found: Spread | None, say: Callable[[float], str]) -> str:
    """`25 s (20 s to 31 s), 90 %: 40 s`; few trials have no interval, and what is always the same is said once."""
    if found is None:
        return "-"
    median, most = say(found.median), say(found.p90)
    sure = "" if found.low is None or found.high is None else f" ({say(found.low)} to {say(found.high)})"
    same = sure in {"", f" ({median} to {median})"}
    return (median if same else median + sure) + ("" if most == median else f", 90 %: {most}")


def seconds(value: float) -> str:
    """As people say it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if value >= 2 * size:
            return f"{value / size:.1f} {unit}"
    return f"{value:.0f} s"


def money(found: Spread | None, currency: str) -> str:
    """The middle with its interval, and nine of ten, without the currency."""
    return spread(found, lambda value: amount(round(value), currency).removesuffix(f" {currency}"))
