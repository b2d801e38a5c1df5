"""All memory of one PBX, and its pages in a checkpoint."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from detector.correlate.case import Case, Cases
from detector.enrich.ledger import Ledger, Leg
from detector.memory.fields import Memory
from detector.memory.seen import Seen, Segment
from detector.memory.timers import LEDGER, Timer, Timers

Pages = dict[str, bytes | None]

pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.decode


class Core(Struct, kw_only=True):
    """What of a PBX is one small record: its event time."""

    now: int = -1


class PbxState:
    """Everything remembered of one PBX; its fire drills have a memory of their own.

    `now` is its event time in microseconds, -1 before the first event.
    """

    __slots__ = (
        "_core_dirty",
        "cases",
        "drill",
        "ledger",
        "memory",
        "now",
        "pbx",
        "seen",
        "timers",
    )

    def __init__(self, pbx: str, drill: bool) -> None:
        self.pbx = pbx
        self.drill = drill
        self.now = -1
        self.timers = Timers()
        self._core_dirty = False
        self.seen = Seen()
        self.memory = Memory()
        self.ledger = Ledger()
        self.cases = Cases()

    def advance(self, at: int) -> None:
        """Event time has come to `at`."""
        self.now = at
        self._core_dirty = True

    def entities(self) -> int:
        """How many subjects, calls and incidents are remembered."""
        return len(self.memory) + len(self.ledger.legs) + len(self.cases.by_id)

    def dirty_pages(self) -> Iterator[tuple[str, bytes | None]]:
        """What changed since this was last asked for; None is a page that is gone."""
        if self._core_dirty:
            self._core_dirty = False
            yield self._key("core", ""), pack(Core(now=self.now))
        yield from self._dirty_timers()
        yield from self._dirty_seen()
        yield from self._dirty_memory()
        for key in sorted(self.ledger.dirty):
            leg = self.ledger.legs.get(key)
            yield self._key("leg", key), None if leg is None else pack(leg)
        self.ledger.dirty.clear()
        for name in sorted(self.cases.dirty):
            case = self.cases.by_id.get(name)
            yield self._key("case", name), None if case is None else pack(case)
        self.cases.dirty.clear()

    def _dirty_timers(self) -> Iterator[tuple[str, bytes | None]]:
        for timer in sorted(self.timers.dirty):
            due, owner, key = timer
            yield self._key("timer", f"{due}\x1f{owner}\x1f{key}"), b"" if timer in self.timers else None
        self.timers.dirty.clear()

    def _dirty_seen(self) -> Iterator[tuple[str, bytes | None]]:
        for number, segment in self.seen.dirty.items():
            yield self._key("seen", str(number)), None if segment is None else pack(segment)
        self.seen.dirty.clear()

    def _dirty_memory(self) -> Iterator[tuple[str, bytes | None]]:
        for field, subject in sorted(self.memory.dirty):
            yield self._key(field, subject), self.memory.page(field, subject)
        self.memory.dirty.clear()

    def _key(self, part: str, name: str) -> str:
        return msgspec.json.encode((self.pbx, self.drill, part, name)).decode()


def restore(pages: Iterator[tuple[str, bytes]]) -> dict[tuple[str, bool], PbxState]:
    """The states of all PBXs in a checkpoint, by PBX and whether they are of drills."""
    states: dict[tuple[str, bool], PbxState] = {}
    segments: dict[tuple[str, bool], list[Segment]] = {}
    legs: dict[tuple[str, bool], list[Leg]] = {}
    timers: dict[tuple[str, bool], list[Timer]] = {}
    for key, value in pages:
        pbx, drill, part, name = msgspec.json.decode(key, type=tuple[str, bool, str, str])
        whose = (pbx, drill)
        state = states.get(whose)
        if state is None:
            state = states[whose] = PbxState(pbx, drill)
        if part == "core":
            state.now = msgspec.msgpack.decode(value, type=Core).now
        elif part == "timer":
            due, owner, what = name.split("\x1f", 2)
            timers.setdefault(whose, []).append((int(due), owner, what))
        elif part == "seen":
            segments.setdefault(whose, []).append(msgspec.msgpack.decode(value, type=Segment))
        elif part == "leg":
            legs.setdefault(whose, []).append(msgspec.msgpack.decode(value, type=Leg))
        elif part == "case":
            state.cases.restore(msgspec.msgpack.decode(value, type=Case))
        else:
            state.memory.restore(part, name, value)
    for whose, pending in timers.items():
        states[whose].timers.restore(pending)
    for whose, found in segments.items():
        states[whose].seen.restore(found)
    for whose, held in legs.items():
        state = states[whose]
        state.ledger.restore(held)
        for leg in held:
            state.timers.wake(LEDGER, leg.key, state.ledger.expires(leg))
    return states
