"""Half-space trees: how empty the part of the space is in which an observation lies."""

from array import array
from collections.abc import Sequence
from functools import lru_cache
from math import log2
from operator import itemgetter
from random import Random

from detector.memory.fields import Memory, Record

VERSION = 1
SEED = 7
TREES = 10
TOP, HEIGHT = 4, 7
"""Masses are kept from depth `TOP` down to `HEIGHT`: nearer the root they tell nothing."""
WINDOW = 250
"""Observations after which what was learned of late becomes what is scored by; a count fits one byte."""
EACH, SLOW = 8, 16
"""The usual score is a mean over about `SLOW` observations, of which one in `EACH` is taken."""
NODES = 2 ** (HEIGHT + 1) - 2**TOP
LOGS = [log2(1 + mass) for mass in range(256)]
HEAD = 5
"""Version, observations in the window, windows that are full (up to 255), usual score in two bytes."""

FRESH = bytes([VERSION, *[0] * (HEAD - 1 + 2 * TREES * NODES)])


class HalfSpaceTrees:
    """Tan, Ting and Liu, Fast anomaly detection for streaming data (2011), in one structure for everybody.

    The structure comes from a fixed seed; what differs between groups is the mass of each node, of the last full
    window and of the one being filled, a byte each. Cells are places on the axes, so the path of an observation is
    found once and kept for all who have an equal one. Fullness is the mean of the logarithms of the masses on the path,
    over trees and depths: an arithmetic mean, as in the paper, is that of the fullest tree.
    """

    def __init__(self, name: str, sizes: Sequence[int]) -> None:
        self.name = name
        self.sizes = tuple(sizes)
        random = Random(SEED)  # noqa: S311 - a structure, no secret
        self._cuts = [
            (HEAD + tree * NODES - (2**TOP - 1), *zip(*cuts(random, self.sizes), strict=True)) for tree in range(TREES)
        ]
        self._path = lru_cache(maxsize=16_384)(self._find)

    def score(self, memory: Memory, group: str, point: tuple[int | None, ...]) -> float:
        """How many times emptier than usual, as a power of two; 0 while it is cold, or where something is missing."""
        page = memory.page(self.name, group)
        if page is None or not page[2] or None in point:
            return 0.0
        usual = (page[3] << 8 | page[4]) / 2_048
        return usual - self._fullness(page, point)

    def learn(self, memory: Memory, group: str, point: tuple[int | None, ...]) -> None:
        """One more here; where something is missing there is no place."""
        if None in point:
            return
        page = memory.page(self.name, group)
        record = array("B", page or FRESH)
        if record[2] and not record[1] % EACH:
            usual = record[3] << 8 | record[4]
            slow = min(record[1] // EACH + 1, SLOW) if record[2] == 1 else SLOW
            usual += round((self._fullness(record, point) * 2_048 - usual) / slow)
            record[3], record[4] = usual >> 8, usual & 255
        for node in self._path(point)[1]:
            record[node] += 1
        record[1] += 1
        if record[1] == WINDOW:
            self._turn(record)
        memory.put(self.name, group, record)

    def _fullness(self, page: "bytes | Record", point: tuple[int | None, ...]) -> float:
        return sum(map(LOGS.__getitem__, self._path(point)[0](page))) / (TREES * (HEIGHT - TOP + 1))

    def _turn(self, record: Record) -> None:
        middle = HEAD + TREES * NODES
        record[HEAD:middle] = record[middle:]
        record[middle:] = array("B", bytes(TREES * NODES))
        record[1] = 0
        record[2] = min(record[2] + 1, 255)

    def _find(self, point: tuple[int, ...]) -> tuple["itemgetter[int]", tuple[int, ...]]:
        """What takes the masses of the last window from a record, and the nodes of the one being filled."""
        places = []
        for first, axes, at in self._cuts:
            node = 0
            for _ in range(TOP - 1):
                node = 2 * node + 1 + (point[axes[node]] >= at[node])
            for _ in range(TOP, HEIGHT + 1):
                node = 2 * node + 1 + (point[axes[node]] >= at[node])
                places.append(first + node)
        return itemgetter(*places), tuple(place + TREES * NODES for place in places)


def cuts(random: Random, sizes: Sequence[int]) -> list[tuple[int, float]]:
    """Axis and place of the cut of every inner node of a tree; the first axes and the space they span by chance."""
    spans = []
    for size in sizes:
        centre = random.random()
        reach = 2 * max(centre, 1 - centre)
        spans.append(((centre - reach) * size, (centre + reach) * size))
    made: list[tuple[int, float]] = []
    open_: list[list[tuple[float, float]]] = [spans]
    for node in range(2**HEIGHT - 1):
        inside = open_[node]
        axis = random.randrange(len(sizes))
        low, high = inside[axis]
        cut = (low + high) / 2
        made.append((axis, cut))
        open_.append([(low, cut) if n == axis else span for n, span in enumerate(inside)])
        open_.append([(cut, high) if n == axis else span for n, span in enumerate(inside)])
    return made
