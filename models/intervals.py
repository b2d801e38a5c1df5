"""Intervals and tests: Wilson for shares, Garwood for rates, order statistics for medians, McNemar's test for pairs."""

from collections.abc import Sequence
from math import comb, exp, lgamma, log, sqrt

from msgspec import Struct

Z = 1.959963984540054
"""The normal quantile of 97.5 %: every interval here has a confidence of 95 %."""
TAIL = 0.025
HALVINGS = 100


class Interval(Struct, frozen=True):
    """An estimate, and where the truth lies in 95 of 100 cases."""

    value: float
    low: float
    high: float


def share(hits: int, trials: int) -> Interval | None:
    """Wilson's score interval of `hits` among `trials`; None without trials."""
    if not trials:
        return None
    found, weight = hits / trials, Z * Z / trials
    centre = (found + weight / 2) / (1 + weight)
    half = Z * sqrt(found * (1 - found) / trials + weight / (4 * trials)) / (1 + weight)
    low, high = (0.0 if not hits else centre - half), (1.0 if hits == trials else centre + half)
    return Interval(found, max(low, 0.0), min(high, 1.0))


def rate(count: int, exposure: float) -> Interval:
    """Garwood's exact Poisson interval of `count` events in `exposure`, an amount above 0."""
    low = solved(count - 1, 1 - TAIL) if count else 0.0
    return Interval(count / exposure, low / exposure, solved(count, TAIL) / exposure)


def solved(count: int, wanted: float) -> float:
    """The mean at which at most `count` events have the probability `wanted`."""
    low, high = 0.0, count + 10 * sqrt(count + 1) + 10
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(count, middle) > wanted else (low, middle)
    return low


def at_most(count: int, mean: float) -> float:
    """The probability of at most `count` events where `mean` are expected."""
    if mean <= 0:
        return 1.0
    return sum(exp(n * log(mean) - mean - lgamma(n + 1)) for n in range(count + 1))


def middle(values: Sequence[float]) -> tuple[float, float] | None:
    """Where the median lies, whatever the distribution: two of the sorted values; None of fewer than six."""
    below, count = 0, len(values)
    while sum(comb(count, n) for n in range(below + 1)) <= TAIL * (1 << count):
        below += 1
    return (values[below - 1], values[count - below]) if below else None


def paired(only_one: int, only_other: int) -> float:
    """McNemar's exact test: how probable so uneven a split of the pairs that differ is, if both are equally good."""
    differing = only_one + only_other
    below = sum(comb(differing, n) for n in range(min(only_one, only_other) + 1))
    return min(1.0, 2 * below / (1 << differing))
