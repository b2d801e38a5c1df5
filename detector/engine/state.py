"""The memory of PBXs as the pages of a checkpoint, and back."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from detector.correlate.case import Case
from detector.correlate.pbx_state import PbxState
from detector.enrich.ledger import Leg
from detector.memory.seen import Segment
from detector.memory.timers import LEDGER, Timer

Pages = dict[str, bytes | None]
Page = tuple[str, bytes | None]

pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.decode


class Core(Struct, kw_only=True):
    """What of a PBX is one small record: its event time."""

    now: int = -1


def take_dirty(state: PbxState) -> Iterator[Page]:
    """What changed of a PBX since this was last asked for; None is a page that is gone."""
    if state.advanced:
        state.advanced = False
        yield key_of(state, "core", ""), pack(Core(now=state.now))
    for due, owner, name in sorted(state.timers.dirty):
        pending = (due, owner, name) in state.timers
        yield key_of(state, "timer", f"{due}\x1f{owner}\x1f{name}"), b"" if pending else None
    state.timers.dirty.clear()
    for number, segment in state.seen.dirty.items():
        yield key_of(state, "seen", str(number)), None if segment is None else pack(segment)
    state.seen.dirty.clear()
    for field, subject in sorted(state.memory.dirty):
        yield key_of(state, field, subject), state.memory.page(field, subject)
    state.memory.dirty.clear()
    for name in sorted(state.ledger.dirty):
        leg = state.ledger.legs.get(name)
        yield key_of(state, "leg", name), None if leg is None else pack(leg)
    state.ledger.dirty.clear()
    for name in sorted(state.cases.dirty):
        case = state.cases.by_id.get(name)
        yield key_of(state, "case", name), None if case is None else pack(case)
    state.cases.dirty.clear()


def key_of(state: PbxState, part: str, name: str) -> str:
    """The key of a page."""
    return msgspec.json.encode((state.pbx, state.drill, part, name)).decode()


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
