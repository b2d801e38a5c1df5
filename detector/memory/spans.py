"""Spans of time that are told only when they are over, in whatever order, and how many of them lay over one another."""

from array import array
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from detector.memory.fields import Field, Memory

WORDS = 4


class Span(Struct, frozen=True, gc=False):
    """What lasted from `began` until just before `ended`, in microseconds, and whose it was.

    `whose` is what counts once however often it comes, `about` what its rule wants to know of it later.
    """

    began: int
    ended: int
    whose: int
    about: int = 0


class Spans(Field):
    """Spans in the order of their ends, 32 bytes each.

    At most `cap`, those nearest to the one that came last: what comes hours late, or with the newest first, finds its
    neighbours as well.
    """

    def add(self, memory: Memory, subject: str, one: Span, length: int, *, cap: int) -> list[Span]:
        """Keep this one, forget what ended `length` before it; returns all that share a moment with it, itself too."""
        record = memory.get(self.name, subject) or array("q")
        while record and record[0] <= one.ended - length:
            del record[:WORDS]
        place = len(record)
        while place and record[place - WORDS] > one.ended:
            place -= WORDS
        record[place:place] = array("q", (one.ended, one.began, one.whose, one.about))
        found = overlapping(record, one)
        while len(record) > cap * WORDS:
            if one.ended - record[0] < record[-WORDS] - one.ended:
                del record[-WORDS:]
            else:
                del record[:WORDS]
        memory.put(self.name, subject, record)
        return found


def overlapping(record: "array[int]", one: Span) -> list[Span]:
    """Those of a record that share a moment with `one`."""
    found = []
    for place in range(len(record) - WORDS, -1, -WORDS):
        if record[place] <= one.began:
            break
        if record[place + 1] < one.ended:
            ended, began, whose, about = record[place : place + WORDS]
            found.append(Span(began, ended, whose, about))
    return found


def most_at_once(found: Iterable[Span]) -> tuple[int, list[Span]]:
    """The first moment at which the most of different owners lie over one another, and those, one of each owner."""
    found = list(found)
    edges = sorted([(one.began, 1, one.whose) for one in found] + [(one.ended, 0, one.whose) for one in found])
    up: Counter[int] = Counter()
    most, moment = 0, 0
    for at, begins, whose in edges:
        if begins:
            up[whose] += 1
            if len(up) > most:
                most, moment = len(up), at
        elif up[whose] == 1:
            del up[whose]
        else:
            up[whose] -= 1
    return moment, list({one.whose: one for one in found if one.began <= moment < one.ended}.values())
