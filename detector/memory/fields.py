"""What detectors remember of a PBX, by field and subject, in packed arrays that know when they changed."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from functools import lru_cache
from hashlib import blake2b
from typing import TypeAlias

Record: TypeAlias = "array[int]"
MAX_SUBJECTS = 200_000
MICROS = 1_000_000
LONGEST_KEPT = 128


class Memory:
    """Records of one PBX: `field name -> subject id -> array of 64-bit integers`, kept as the bytes of the array.

    Bytes are half as large as the array, and what cannot hold references is never searched for garbage: a million
    arrays would make every full collection a pause of its own. What `get` returns is a copy: `put` keeps a change.
    Bounded: past `MAX_SUBJECTS` of one field the one untouched for longest goes.
    """

    __slots__ = ("_fields", "dirty")

    def __init__(self) -> None:
        self._fields: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self.dirty: set[tuple[str, str]] = set()

    def __len__(self) -> int:
        return sum(map(len, self._fields.values()))

    def get(self, field: str, subject: str) -> Record | None:
        """The record, or None where nothing is remembered."""
        page = self._fields[field].get(subject)
        return None if page is None else array("q", page)

    def put(self, field: str, subject: str, record: Record) -> None:
        """Remember `record`, as the most recently touched of its field."""
        pages = self._fields[field]
        if pages.pop(subject, None) is None and len(pages) >= MAX_SUBJECTS:
            oldest = next(iter(pages))
            del pages[oldest]
            self.dirty.add((field, oldest))
        pages[subject] = record.tobytes()
        self.dirty.add((field, subject))

    def touch(self, field: str, subject: str) -> None:
        """What is remembered is still true: it becomes the most recently touched of its field."""
        pages = self._fields[field]
        pages[subject] = pages.pop(subject)

    def forget(self, field: str, subject: str) -> None:
        """Remember nothing of this subject in this field."""
        if self._fields[field].pop(subject, None) is not None:
            self.dirty.add((field, subject))

    def subjects(self, field: str) -> list[str]:
        """Of whom anything is remembered in this field."""
        return list(self._fields[field])

    def page(self, field: str, subject: str) -> bytes | None:
        """The record as it stands in a checkpoint."""
        return self._fields[field].get(subject)

    def restore(self, field: str, subject: str, page: bytes) -> None:
        """Take a record from a checkpoint."""
        self._fields[field][subject] = page


class HistoryMemory(Memory):
    """A memory as rules see it who look at history: what is counted lies apart, what is learned is the same.

    History warms what is usual here; but it must neither fill up a limit that is then reached by what happens now, nor
    let it count as said already.
    """

    __slots__ = ("_live",)

    def __init__(self, live: Memory) -> None:
        super().__init__()
        self._live = live

    def get(self, field: str, subject: str) -> Record | None:  # noqa: D102
        return self._live.get(name_apart(field), subject)

    def put(self, field: str, subject: str, record: Record) -> None:  # noqa: D102
        self._live.put(name_apart(field), subject, record)

    def touch(self, field: str, subject: str) -> None:  # noqa: D102
        self._live.touch(name_apart(field), subject)

    def forget(self, field: str, subject: str) -> None:  # noqa: D102
        self._live.forget(name_apart(field), subject)


COUNTED: set[str] = set()
"""The fields of rules in which something is counted, or kept from being said twice."""


def name_apart(field: str) -> str:
    """Where history is kept of a field."""
    return f"{field} of history" if field in COUNTED else field


class Field:
    """One thing remembered a subject; `name` is unique within its detector.

    What `learns` is a baseline, which history warms; everything else of a rule is counted apart for history.
    """

    learns = False

    def __init__(self, name: str, *, learns: bool = False) -> None:
        self.name = name
        self.learns = self.learns or learns

    def __set_name__(self, owner: type, _attribute: str) -> None:
        self.name = f"{getattr(owner, 'id', owner.__name__)}/{self.name}"
        if not self.learns:
            COUNTED.add(self.name)


class Window(Field):
    """The exact instants of what happened within a time, at most `cap` of them.

    Instants rather than cells of time: exact at the limit, in whatever order events arrive, and smaller than
    a ring of cells for every limit below a hundred (ADR 0002). A window holds `(at - length, at]`.
    """

    def add(self, memory: Memory, subject: str, at: int, length: int, *, cap: int, count: int = 1) -> int:
        """Count `count` at `at`, and say how many lie in the window that ends at the newest instant.

        `at` and `length` in microseconds. An event older than the window changes nothing and gives 0.
        """
        record = memory.get(self.name, subject)
        if record is None:
            record = array("q")
        newest = record[-1] if record and record[-1] > at else at
        if at <= newest - length:
            return 0
        kept = min(count, cap)
        if record and record[0] <= newest - length:
            del record[: bisect_right(record, newest - length)]
        total = len(record) + count
        if not record or at >= record[-1]:
            record.extend([at] * kept)
        else:
            place = bisect_left(record, at)
            record[place:place] = array("q", [at] * kept)
        if len(record) > cap:
            del record[: len(record) - cap]
        memory.put(self.name, subject, record)
        return total

    def count(self, memory: Memory, subject: str, at: int, length: int) -> int:
        """How many lie in `(at - length, at]`."""
        record = memory.get(self.name, subject)
        return 0 if record is None else bisect_right(record, at) - bisect_right(record, at - length)

    def most(self, memory: Memory, subject: str, at: int, length: int) -> int:
        """The most that lie in any one window of `length` that holds `at`, so that what comes late counts as well."""
        record = memory.get(self.name, subject)
        if record is None:
            return 0
        ends = range(bisect_right(record, at) - 1, bisect_left(record, at + length))
        return max((end + 1 - bisect_right(record, record[end] - length) for end in ends if end >= 0), default=0)

    def clear(self, memory: Memory, subject: str) -> None:
        """Start over."""
        memory.forget(self.name, subject)


class Days(Field):
    """On which days something was seen: the first `cap` distinct days since 1970 in UTC, ascending."""

    CAP = 8
    DAY = 86_400 * MICROS
    learns = True

    def add(self, memory: Memory, subject: str, at: int) -> None:
        """Seen at `at`. The earliest days are kept: they are what a newcomer cannot have."""
        day = at // self.DAY
        record = memory.get(self.name, subject)
        if record is None:
            memory.put(self.name, subject, array("q", [day]))
            return
        place = bisect_left(record, day)
        if (place < len(record) and record[place] == day) or (len(record) >= self.CAP and place == len(record)):
            return
        record.insert(place, day)
        del record[self.CAP :]
        memory.put(self.name, subject, record)

    def before(self, memory: Memory, subject: str, at: int) -> int:
        """On how many distinct days before the day of `at`."""
        record = memory.get(self.name, subject)
        return 0 if record is None else bisect_left(record, at // self.DAY)


class First(Field):
    """The earliest `cap` instants at which something was seen."""

    learns = True

    def __init__(self, name: str, cap: int = 1) -> None:
        super().__init__(name)
        self.cap = cap

    def add(self, memory: Memory, subject: str, at: int) -> None:
        """Seen at `at`."""
        record = memory.get(self.name, subject)
        if record is None:
            record = array("q")
        elif len(record) == self.cap and at >= record[-1]:
            return
        record.insert(bisect_right(record, at), at)
        del record[self.cap :]
        memory.put(self.name, subject, record)

    def since(self, memory: Memory, subject: str) -> int | None:
        """When it had been seen `cap` times, in microseconds; None where it was not."""
        record = memory.get(self.name, subject)
        return None if record is None or len(record) < self.cap else record[-1]


class Once(Field):
    """The last instant at which something was said, so that it is not said again at once."""

    def passed(self, memory: Memory, subject: str, at: int, pause: int) -> bool:
        """Whether `pause` microseconds have passed since it was last said; if so it is said now."""
        record = memory.get(self.name, subject)
        if record is not None and at < record[0] + pause:
            return False
        memory.put(self.name, subject, array("q", [at]))
        return True


class Distinct(Field):
    """Which different things were seen within a time, by 64-bit digest, each with its latest instant; at most `cap`.

    The last bit of a digest says whether anything better than free text vouches for it. 16 bytes each, the one seen
    least recently first. What is seen again within 1/64 of the time is not written again.
    """

    def add(self, memory: Memory, subject: str, value: int, at: int, length: int, *, cap: int,
            solid: bool = True) -> int:  # fmt: skip
        """How many lie in the window that ends at the newest instant; `solid`: something vouches for this one.

        `at` and `length` in microseconds. What is older than the window changes nothing and gives 0.
        """
        record = memory.get(self.name, subject)
        if record is None:
            memory.put(self.name, subject, array("q", (at, value | solid)))
            return 1
        since = (at if at > record[-2] else record[-2]) - length
        if at <= since:
            return 0
        while record and record[0] <= since:
            del record[:2]
        found = place_of(record, value)
        if found is not None:
            before, told = record[found], record[found + 1]
            if at - before < length // 64 and told & 1 >= solid:
                return len(record) // 2
            del record[found : found + 2]
            at, solid = max(before, at), bool(told & 1) or solid
        put_in_order(record, at, value | solid)
        total = len(record) // 2
        if total > cap:
            del record[: 2 * (total - cap)]
        memory.put(self.name, subject, record)
        return total

    def note(self, memory: Memory, subject: str, value: int, at: int, length: int, *, cap: int) -> dict[int, int]:
        """As `add`, but says what was seen before: everything that was remembered, and when it was last seen."""
        before = self.seen(memory, subject)
        if not (len(before) == 1 and 0 <= at - before.get(value, at + 1) < length // 64):
            self.add(memory, subject, value, at, length, cap=cap)
        return before

    def seen(self, memory: Memory, subject: str) -> dict[int, int]:
        """Everything that is remembered, without its last bit, and when it was last seen."""
        record = memory.get(self.name, subject)
        return {} if record is None else {told & ~1: at for at, told in zip(record[::2], record[1::2], strict=True)}

    def vouched(self, memory: Memory, subject: str) -> int:
        """For how many of those that are remembered something better than free text vouches."""
        record = memory.get(self.name, subject)
        return 0 if record is None else sum(told & 1 for told in record[1::2])

    def clear(self, memory: Memory, subject: str) -> None:
        """Start over."""
        memory.forget(self.name, subject)


def place_of(record: Record, value: int) -> int | None:
    """Where the pair of a value begins, whoever vouches for it."""
    values = record[1::2]
    for told in (value | 1, value):
        if told in values:
            return 2 * values.index(told)
    return None


def put_in_order(record: Record, at: int, value: int) -> None:
    """Insert a pair by its instant; nearly always it is the latest."""
    place = len(record)
    while place and record[place - 2] > at:
        place -= 2
    record[place:place] = array("q", (at, value))


class Sum(Field):
    """Amounts within a time, at most `CAP`; past that the two oldest become one, at the later instant."""

    CAP = 60

    def add(self, memory: Memory, subject: str, at: int, amount: int, length: int) -> None:
        """`amount` at `at`; what is `length` older than the newest is forgotten."""
        record = memory.get(self.name, subject)
        if record is None:
            record = array("q")
        if not record or at > record[-2]:
            record.extend((at, amount))
        else:
            rows = sorted([*pairs(record), (at, amount)])
            record = array("q", [number for row in rows for number in row])
        since = record[-2] - length
        while record[0] <= since:
            del record[:2]
        if len(record) > 2 * self.CAP:
            record[3] += record[1]
            del record[:2]
        memory.put(self.name, subject, record)

    def total(self, memory: Memory, subject: str, at: int, length: int) -> int:
        """What the amounts make together in the window that ends at `at`, or at the newest where that is later."""
        record = memory.get(self.name, subject)
        if record is None:
            return 0
        since = max(at, record[-2]) - length
        return sum(amount for when, amount in pairs(record) if when > since)

    def clear(self, memory: Memory, subject: str) -> None:
        """Start over."""
        memory.forget(self.name, subject)


def pairs(record: Record) -> zip[tuple[int, int]]:
    """What a record holds in twos."""
    return zip(record[::2], record[1::2], strict=True)


def digest(text: str) -> int:
    """64 bits that stand for a text, the last of them 0. Long ones, which attackers invent, are not kept at hand."""
    return _known_digest(text) if len(text) <= LONGEST_KEPT else _digest(text)


def _digest(text: str) -> int:
    hashed = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(hashed, "big", signed=True) & ~1


_known_digest = lru_cache(maxsize=32_768)(_digest)
