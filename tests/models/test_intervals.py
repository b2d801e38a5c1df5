"""Intervals against values from the literature."""

import pytest

from models.intervals import middle, paired, rate, share

SHARES = [
    ("none of ten", 0, 10, 0.0, 0.2775),
    ("five of ten", 5, 10, 0.2366, 0.7634),
    ("nine of ten", 9, 10, 0.5958, 0.9821),
    ("all of ten", 10, 10, 0.7225, 1.0),
    ("81 of 263, Newcombe 1998", 81, 263, 0.2553, 0.3662),
]
RATES = [
    ("none", 0, 0.0, 3.6889),
    ("one", 1, 0.0253, 5.5716),
    ("ten", 10, 4.7954, 18.3904),
    ("a hundred", 100, 81.3640, 121.6270),
]
PAIRS = [
    ("no difference", 0, 0, 1.0),
    ("even", 4, 4, 1.0),
    ("five to none", 5, 0, 0.0625),
    ("nine to one", 9, 1, 0.021484),
    ("one to nine", 1, 9, 0.021484),
]


@pytest.mark.parametrize(("case", "hits", "trials", "low", "high"), SHARES)
def test_wilson(case, hits, trials, low, high) -> None:
    found = share(hits, trials)
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((hits / trials, low, high), abs=1e-4), case


def test_no_share_without_trials() -> None:
    assert share(0, 0) is None


@pytest.mark.parametrize(("case", "count", "low", "high"), RATES)
def test_garwood(case, count, low, high) -> None:
    found = rate(count, 2.0)
    assert (found.value, found.low * 2, found.high * 2) == pytest.approx((count / 2, low, high), abs=1e-3), case


@pytest.mark.parametrize(("case", "one", "other", "p"), PAIRS)
def test_mcnemar(case, one, other, p) -> None:
    assert paired(one, other) == pytest.approx(p, abs=1e-6), case


MIDDLES = [
    ("none", 0, None),
    ("five are too few", 5, None),
    ("six: from the least to the most", 6, (1, 6)),
    ("ten, Conover's table", 10, (2, 9)),
    ("twenty", 20, (6, 15)),
    ("forty", 40, (14, 27)),
]


@pytest.mark.parametrize(("case", "count", "ends"), MIDDLES)
def test_median(case, count, ends) -> None:
    assert middle(range(1, count + 1)) == ends, case
