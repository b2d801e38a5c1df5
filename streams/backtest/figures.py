"""The figures of a backtest: what trials and honest days come to, with intervals, and two configurations compared."""

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import quantiles

from msgspec import Struct

from detector.contract.vocabulary import Basis
from detector.detect.catalogue import detectors
from models.intervals import Interval, middle, paired, rate, share
from streams.backtest.honest import Alarm, Honest
from streams.backtest.limits import Suggestion
from streams.backtest.trials import TrialVerdict

CLEAR = 0.05
SHOWN_ALARMS = 50


class Spread(Struct, frozen=True):
    """The middle, nine of ten, and the most of something measured.

    The median of more such trials lies from `low` to `high`, whatever the distribution; None where they are too few.
    """

    median: float
    p90: float
    most: float
    low: float | None
    high: float | None


class AttackFigures(Struct, frozen=True, kw_only=True):
    """One attack: how often it was found, and how fast; money in minor units of all trials, found or not.

    `money_at_alarm` is gone by the alarm, `money` by the first containment; in all where there was none.
    """

    attack: str
    trials: int
    found: int
    recall: Interval | None
    one_incident: int
    kind_right: int
    contained: int
    delay: Spread | None
    money_at_alarm: Spread | None
    money: Spread | None


class RuleFigures(Struct, frozen=True, kw_only=True):
    """One rule: in how many trials of which attack it fired, its delay and the money gone by then, its false alarms.

    A `model` rests on a score of what is usual there. `noted`: where it gave information only, which alarms nobody.
    """

    rule: str
    model: bool
    noted: dict[str, int]
    fired: dict[str, int]
    recall: Interval | None
    delay: Spread | None
    money: Spread | None
    false_alarms: int
    false_alarm_rate: Interval


class ConfigFigures(Struct, frozen=True, kw_only=True):
    """All figures of one configuration. Rates are per extension and day."""

    config: str
    recall: Interval | None
    false_alarms: int
    false_alarm_rate: Interval
    false_containments: int
    alarms: tuple[Alarm, ...]
    attacks: tuple[AttackFigures, ...]
    rules: tuple[RuleFigures, ...]
    broken: dict[str, int]


class Comparison(Struct, frozen=True, kw_only=True):
    """The same trials under both: found only by the one or the other; `p` as of McNemar's exact test.

    `better` is the name of a configuration, or None where nothing differs; `clear` if `p` is under 5 %. Who is faster
    is judged on trials that both found, who is cheaper by the money gone before containment in all of them.
    """

    only_config: int
    only_against: int
    both: int
    neither: int
    p: float
    better: str | None
    clear: bool
    fewer_false_alarms: str | None
    faster: str | None
    cheaper: str | None


class Tuning(Struct, frozen=True, kw_only=True):
    """Limits for a wanted rate of false alarms of each rule, and the alarms of the same days with all of them.

    `left_out` are rules without a limit that could be tried, with their false alarms now.
    """

    wanted: float
    suggestions: tuple[Suggestion, ...]
    left_out: dict[str, int]
    alarms: int
    by_rule: dict[str, int]
    rate: Interval


class Backtest(Struct, frozen=True, kw_only=True):
    """The whole result. `skipped` are attacks the sources of this history would not tell of at all.

    `not_visible`: in how many trials of an attack they do not tell what it is found by, so that it was neither found
    nor missed; all figures are of the other trials.
    """

    pbx: str
    first: str
    days: int
    warm_up: int
    events: int
    extensions: int
    extension_days: float
    currency: str
    seed: int
    skipped: tuple[str, ...]
    not_visible: dict[str, int]
    configs: tuple[ConfigFigures, ...]
    comparison: Comparison | None = None
    tuning: Tuning | None = None


def spread(values: Iterable[float]) -> Spread | None:
    """The spread of some values; None of none."""
    found = sorted(values)
    if not found:
        return None
    low, high = middle(found) or (None, None)
    tenths = quantiles(found, n=10, method="inclusive") if len(found) > 1 else found * 9
    return Spread(round(tenths[4], 3), round(tenths[8], 3), found[-1], low, high)


def config_figures(name: str, verdicts: Sequence[TrialVerdict], honest: Honest, extension_days: float) -> ConfigFigures:
    """What one configuration came to."""
    attacks = list(dict.fromkeys(one.attack for one in verdicts))
    return ConfigFigures(
        config=name, recall=share(sum(one.found for one in verdicts), len(verdicts)),
        false_alarms=len(honest.alarms), false_alarm_rate=rate(len(honest.alarms), extension_days),
        false_containments=honest.containments, alarms=honest.alarms[:SHOWN_ALARMS],
        attacks=tuple(attack_figures(attack, [v for v in verdicts if v.attack == attack]) for attack in attacks),
        rules=tuple(rule_figures(verdicts, honest, extension_days)), broken=honest.broken,
    )  # fmt: skip


def attack_figures(attack: str, verdicts: Sequence[TrialVerdict]) -> AttackFigures:
    """What became of the trials of one attack."""
    found = [one for one in verdicts if one.found]
    return AttackFigures(
        attack=attack, trials=len(verdicts), found=len(found), recall=share(len(found), len(verdicts)),
        one_incident=sum(one.incidents == 1 for one in found), kind_right=sum(one.kind_right for one in found),
        contained=sum(one.contained for one in verdicts),
        delay=spread(one.delay for one in found if one.delay is not None),
        money_at_alarm=spread(one.spent_at_alarm for one in verdicts),
        money=spread(one.spent for one in verdicts),
    )  # fmt: skip


def rule_figures(verdicts: Sequence[TrialVerdict], honest: Honest, extension_days: float) -> list[RuleFigures]:
    """Every rule that fired anywhere, models last."""
    alarms = honest.by_rule()
    names = {rule for one in verdicts for rule in (*one.rules, *one.noted)} | alarms.keys()
    found = []
    for rule in sorted(names, key=lambda name: (is_model(name), name)):
        hits = [one.rules[rule] for one in verdicts if rule in one.rules]
        fired = Counter(one.attack for one in verdicts if rule in one.rules)
        aimed = sum(one.attack in fired for one in verdicts)
        found.append(RuleFigures(
            rule=rule, model=is_model(rule), fired=dict(fired), recall=share(len(hits), aimed),
            noted=dict(Counter(one.attack for one in verdicts if rule in one.noted)),
            delay=spread(one.delay for one in hits), money=spread(one.spent for one in hits),
            false_alarms=alarms.get(rule, 0), false_alarm_rate=rate(alarms.get(rule, 0), extension_days),
        ))  # fmt: skip
    return found


def is_model(rule: str) -> bool:
    """Whether a rule rests on a score of what is usual."""
    return detectors()[rule].basis is Basis.SCORE


def compared(verdicts: Sequence[Sequence[TrialVerdict]], figures: Sequence[ConfigFigures]) -> Comparison:
    """Two configurations over the same trials, in the same order."""
    names = figures[0].config, figures[1].config
    pairs = list(zip(*verdicts, strict=True))
    one = sum(a.found and not b.found for a, b in pairs)
    other = sum(b.found and not a.found for a, b in pairs)
    p = paired(one, other)
    found = [(a, b) for a, b in pairs if a.found and b.found]
    return Comparison(
        only_config=one, only_against=other, both=len(found), neither=len(pairs) - one - other - len(found),
        p=round(p, 6), better=smaller(names, other, one), clear=p < CLEAR,
        fewer_false_alarms=smaller(names, figures[0].false_alarms, figures[1].false_alarms),
        faster=smaller(names, sum(a.delay or 0 for a, _ in found), sum(b.delay or 0 for _, b in found)),
        cheaper=smaller(names, sum(a.spent for a, _ in pairs), sum(b.spent for _, b in pairs)),
    )  # fmt: skip


def smaller(names: tuple[str, str], one: float, other: float) -> str | None:
    """Whose is smaller; None if they are equal."""
    return None if one == other else names[one > other]
