"""Amounts by cells of time."""

import pytest

from detector.memory.cells import Cells
from detector.memory.fields import Memory

CELLS = Cells("cells")
DAY = 48 * 60


@pytest.mark.parametrize(("amounts", "together"), [
    ([(0, 7)], 7),
    ([(0, 7), (59, 1)], 8),
    ([(0, 7), (DAY - 1, 1)], 8),
    ([(0, 7), (DAY, 1)], 1),
    ([(0, 7), (60, 2), (DAY, 1)], 3),
    ([(DAY, 1), (60, 2), (0, 7)], 3),
    ([(500, 1), (100, 2), (300, 4), (301, 8)], 15),
], ids=["one", "a cell", "the whole time", "one cell too old", "the oldest goes", "too old when it comes",
        "out of order"])  # fmt: skip
def test_what_the_time_before_the_newest_makes_together(amounts, together) -> None:
    memory = Memory()
    assert [CELLS.add(memory, "x", at, amount, DAY) for at, amount in amounts][-1] == together


def test_a_record_stays_small_whatever_is_counted() -> None:
    memory = Memory()
    made = [CELLS.add(memory, "x", at, 1, DAY) for at in range(10 * DAY)]
    record = memory.get("cells", "x")
    assert record is not None
    assert len(record.tobytes()) <= 48 * 16
    assert DAY - 60 <= made[-1] <= DAY
