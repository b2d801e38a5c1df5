"""Amounts within a time: exact below their cap, bounded past it."""

import pytest

from detector.memory.fields import Memory, Sum

SUM = Sum("sum")
KIB = 1_024


@pytest.mark.parametrize(
    ("amounts", "at", "total"),
    [
        ([], 5, 0),
        ([(0, 7)], 9, 7),
        ([(0, 7)], 10, 0),
        ([(5, 1), (0, 2), (3, 4)], 5, 7),
        ([(0, 2), (11, 1)], 11, 1),
        ([(3, 1), (4, 2)], 3, 3),
        ([(9, 1)] * 500, 9, 500),
    ],
)
def test_what_amounts_make_together(amounts, at, total) -> None:
    memory = Memory()
    for when, amount in amounts:
        SUM.add(memory, "x", when, amount, 10)
    assert SUM.total(memory, "x", at, 10) == total


def test_a_record_stays_under_a_kib_and_forgets_nothing_within_the_time() -> None:
    memory = Memory()
    for number in range(1_000):
        SUM.add(memory, "x", number, 1, 10_000)
    record = memory.get("sum", "x")
    assert record is not None
    assert len(record.tobytes()) < KIB
    assert SUM.total(memory, "x", 999, 10_000) == 1_000
