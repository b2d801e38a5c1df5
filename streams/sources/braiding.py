"""Several files of one PBX as one: what they hold in the order of its time, whatever order the files are named in."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush
from typing import TypeVar

T = TypeVar("T")
Strand = Callable[[], Iterator[tuple[datetime | None, T]]]


def braid(strands: Sequence[Strand[T]], begins: Sequence[datetime]) -> Iterator[T]:
    """The items of all strands by their times; one without a time comes right after the one before it.

    Each strand keeps its own order, and is opened when the time at which it begins has come: of files that were
    rotated one or two are open at once. One item of each open strand is held. Of the same moment comes first what
    stands in the strand that begins first.
    """
    ranked = sorted(range(len(strands)), key=lambda index: begins[index])
    strands = [strands[index] for index in ranked]
    order = [(begins[index], rank) for rank, index in enumerate(ranked)]
    opened: dict[int, Iterator[tuple[datetime | None, T]]] = {}
    held: dict[int, T] = {}
    while order:
        at, index = heappop(order)
        if index in opened:
            yield held.pop(index)
        else:
            opened[index] = strands[index]()
        item = next(opened[index], None)
        if item is None:
            opened[index] = iter(())
        else:
            moment, held[index] = item
            heappush(order, (at if moment is None else max(at, moment), index))
