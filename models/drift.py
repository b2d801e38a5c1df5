"""Notices that a stream of numbers is not what it was: ADWIN, in a few hundred bytes."""

from array import array
from math import log, sqrt
from sys import byteorder

from detector.memory.fields import Memory, Record

VERSION = 1
STEP = 32
"""Values that are taken together before it is judged again."""
ALIKE = 5
"""Buckets of one size; two become one of twice the size when there are more."""
LARGEST = 12
DELTA = 0.002
"""How likely it is that drift is noticed where there is none."""
HEAD = 5
ONE = 1_024
"""Values are whole numbers from 0 to this."""


class Drift:
    """Bifet and Gavaldà, Learning from time-changing data with adaptive windowing (2007).

    The window is a list of buckets, the oldest first: how often `STEP` was doubled, sum, and sum of squares. It is cut
    where the means of both sides differ by more than chance explains. A record is version, when drift was noticed
    last, number, sum and squares of what waits for its bucket, and three numbers a bucket: at most 1.6 KiB.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def noticed(self, memory: Memory, group: str) -> int:
        """When drift was noticed last, as told to `learn`; 0 for never."""
        page = memory.page(self.name, group)
        return 0 if page is None else int.from_bytes(page[8:16], byteorder, signed=True)

    def learn(self, memory: Memory, group: str, value: int, at: int) -> bool:
        """One more value from 0 to `ONE`; whether drift is noticed by it."""
        record = memory.get(self.name, group)
        if record is None:
            record = array("q", [VERSION, 0, 0, 0, 0])
        record[2] += 1
        record[3] += value
        record[4] += value * value
        drifted = record[2] == STEP and self._judge(record)
        if drifted:
            record[1] = at
        memory.put(self.name, group, record)
        return drifted

    def _judge(self, record: Record) -> bool:
        buckets = [(record[at], record[at + 1], record[at + 2]) for at in range(HEAD, len(record), 3)]
        buckets.append((0, record[3], record[4]))
        merge(buckets)
        drifted = False
        while (keep := cut(buckets)) is not None:
            del buckets[:keep]
            drifted = True
        record[2:] = array("q", [0, 0, 0, *(number for bucket in buckets for number in bucket)])
        return drifted


def merge(buckets: list[tuple[int, int, int]]) -> None:
    """Two of a size become one where there are too many; the oldest of the largest are forgotten."""
    for size in range(LARGEST + 1):
        alike = [place for place, bucket in enumerate(buckets) if bucket[0] == size]
        if len(alike) <= ALIKE:
            return
        first = alike[0]
        if size == LARGEST:
            del buckets[first]
            return
        older, newer = buckets[first], buckets[first + 1]
        buckets[first : first + 2] = [(size + 1, older[1] + newer[1], older[2] + newer[2])]


def cut(buckets: list[tuple[int, int, int]]) -> int | None:
    """How many of the oldest buckets are unlike the rest; None where all are alike."""
    count = sum(STEP << size for size, _, _ in buckets)
    total = sum(bucket[1] for bucket in buckets)
    mean = total / count
    variance = max(sum(bucket[2] for bucket in buckets) / count - mean * mean, 0) / (ONE * ONE)
    sure = log(2 * log(count) / DELTA)
    before, told = 0, 0
    for place, (size, added, _) in enumerate(buckets[:-1], 1):
        before += STEP << size
        told += added
        after = count - before
        fewer = 1 / (1 / before + 1 / after)
        margin = sqrt(2 / fewer * variance * sure) + 2 / 3 / fewer * sure
        if abs(told / before - (total - told) / after) / ONE > margin:
            return place
    return None
