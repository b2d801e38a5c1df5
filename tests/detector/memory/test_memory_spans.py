"""Intervals that are told when they are over: which of them share a moment, and how many are kept."""

import pytest

from detector.memory.fields import Memory
from detector.memory.spans import Span, Spans, most_at_once

SPANS = Spans("spans")


def kept(spans, *, length=100, cap=5):
    memory = Memory()
    for began, ended, whose in spans:
        found = SPANS.add(memory, "x", Span(began, ended, whose), length, cap=cap)
    record = memory.get("spans", "x")
    assert record is not None
    return sorted(one.whose for one in found), list(record[2::4])


@pytest.mark.parametrize(("spans", "shared", "remembered"), [
    ([(0, 9, 1)], [1], [1]),
    ([(0, 9, 1), (9, 12, 2)], [2], [1, 2]),
    ([(0, 9, 1), (8, 12, 2)], [1, 2], [1, 2]),
    ([(8, 12, 2), (0, 9, 1)], [1, 2], [1, 2]),
    ([(8, 12, 2), (0, 8, 1)], [1], [1, 2]),
    ([(0, 9, 1), (1, 8, 2), (2, 7, 3)], [1, 2, 3], [3, 2, 1]),
    ([(0, 9, 1), (100, 108, 2)], [2], [1, 2]),
    ([(0, 9, 1), (100, 109, 2)], [2], [2]),
    ([(100, 109, 2), (0, 9, 1)], [1], [1, 2]),
    ([(n, n + 50, n) for n in range(9)], [3, 4, 5, 6, 7, 8], [4, 5, 6, 7, 8]),
    ([(n, n + 50, n) for n in range(8, -1, -1)], [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4]),
], ids=["one", "one begins as the other ends", "they meet", "out of order", "out of order, as it ends",
        "within another", "not old yet", "old", "older than all", "too many", "too many, newest first"])  # fmt: skip
def test_what_shares_a_moment_and_what_is_remembered(spans, shared, remembered) -> None:
    assert kept(spans) == (shared, remembered)


@pytest.mark.parametrize(("spans", "moment", "whose"), [
    ([], 0, []),
    ([(0, 9, 1), (3, 5, 2), (5, 7, 3)], 3, [1, 2]),
    ([(0, 9, 1), (3, 6, 2), (5, 7, 3)], 5, [1, 2, 3]),
    ([(0, 9, 1), (3, 6, 1), (5, 7, 1)], 0, [1]),
    ([(0, 4, 1), (2, 9, 1), (5, 7, 2)], 5, [1, 2]),
], ids=["none", "in turn", "all", "one owner", "two of one owner, one of another"])  # fmt: skip
def test_when_the_most_lie_over_one_another(spans, moment, whose) -> None:
    at, most = most_at_once(Span(*one) for one in spans)
    assert (at, sorted(one.whose for one in most)) == (moment, whose)
