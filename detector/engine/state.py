"""The memory of PBXs as the pages of a checkpoint, and back."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from detector.contract.findings import Subject
from detector.contract.vocabulary import SubjectKind
from detector.correlate.case import Case
from detector.correlate.evidence import Dossier
from detector.correlate.pbx_state import PbxState
from detector.correlate.proof import reconstruct
from detector.enrich.ledger import Leg
from detector.enrich.older_habits import take_over
from detector.memory.seen import Segment
from detector.memory.timers import LEDGER, Timer

Pages = dict[str, bytes | None]
Page = tuple[str, bytes | None]
Whose = tuple[str, bool]
UNREADABLE = (msgspec.DecodeError, ValueError)

pack = msgspec.msgpack.Encoder().encode


class Core(Struct, kw_only=True):
    """What of a PBX is one small record: its event time, and whether dossiers are kept, as at first they were not."""

    now: int = -1
    files: bool = False


class Parts(Struct):
    """What of a PBX lies on many pages and is restored as a whole."""

    timers: dict[Timer, int] = {}
    segments: list[Segment] = []
    legs: list[Leg] = []
    dossiers: dict[Subject, Dossier] = {}
    files: bool = False


class CheckpointError(Exception):
    """A page that this version does not understand: nobody may go on as if what stands on it had never been."""

    def __init__(self, key: str, error: Exception) -> None:
        reason = str(error).partition("\n")[0]
        super().__init__(
            "the checkpoint was saved by another version: go on with that one, or empty the tables `page` and "
            f"`partition`, and the log is processed from its beginning (page {key[:100]!r}: {reason})"
        )


def take_dirty(state: PbxState) -> Iterator[Page]:
    """What changed of a PBX since this was last asked for; None is a page that is gone."""
    if state.advanced:
        state.advanced = False
        yield key_of(state, "core", ""), pack(Core(now=state.now, files=True))
    for due, owner, name in sorted(state.timers.dirty):
        timer = due, owner, name
        page = pack_doubts(state.timers.doubts_about(timer)) if timer in state.timers else None
        yield key_of(state, "timer", f"{due}\x1f{owner}\x1f{name}"), page
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
    for whom in sorted(state.dossiers.dirty):
        dossier = state.dossiers.by_subject.get(whom)
        name = f"{whom.kind}\x1f{whom.id}"
        yield key_of(state, "dossier", name), None if dossier is None else pack(dossier)
    state.dossiers.dirty.clear()


def pack_doubts(doubts: int) -> bytes:
    """The page of a timer: nothing, or what is said against it."""
    return doubts.to_bytes() if doubts else b""


def key_of(state: PbxState, part: str, name: str) -> str:
    """The key of a page."""
    return msgspec.json.encode((state.pbx, state.drill, part, name)).decode()


def restore(pages: Mapping[str, bytes]) -> dict[Whose, PbxState]:
    """The memory of all PBXs in a checkpoint, by PBX and whether it is of drills.

    Raises `CheckpointError` for a page that this version does not understand.
    """
    states: dict[Whose, PbxState] = {}
    parts: defaultdict[Whose, Parts] = defaultdict(Parts)
    key = ""
    try:
        for key, value in pages.items():
            pbx, drill, part, name = msgspec.json.decode(key, type=tuple[str, bool, str, str])
            whose = (pbx, drill)
            state = states.get(whose)
            if state is None:
                state = states[whose] = PbxState(pbx, drill)
            restore_page(part, name, value, state, parts[whose])
    except UNREADABLE as error:
        raise CheckpointError(key, error) from error
    for whose, state in states.items():
        restore_parts(state, parts[whose])
        take_over(state.memory, state.now)
    return states


def restore_page(part: str, name: str, value: bytes, state: PbxState, parts: Parts) -> None:
    """Take one page of a PBX; what must be complete before it is of use goes to `parts`."""
    if part == "core":
        core = msgspec.msgpack.decode(value, type=Core)
        state.now, parts.files = core.now, core.files
    elif part == "timer":
        due, owner, what = name.split("\x1f", 2)
        parts.timers[int(due), owner, what] = int.from_bytes(value)
    elif part == "seen":
        parts.segments.append(msgspec.msgpack.decode(value, type=Segment))
    elif part == "leg":
        parts.legs.append(msgspec.msgpack.decode(value, type=Leg))
    elif part == "case":
        state.cases.restore(msgspec.msgpack.decode(value, type=Case))
    elif part == "dossier":
        kind, _, subject = name.partition("\x1f")
        parts.dossiers[Subject(SubjectKind(kind), subject)] = msgspec.msgpack.decode(value, type=Dossier)
    else:
        state.memory.restore(part, name, value)


def restore_parts(state: PbxState, parts: Parts) -> None:
    """Timers, event ids and calls; those of calls say themselves when they are due."""
    if parts.timers:
        state.timers.restore(parts.timers)
    if parts.segments:
        state.seen.restore(parts.segments)
    state.dossiers.restore(parts.dossiers)
    for case in () if parts.files else sorted(state.cases.by_id.values(), key=lambda case: (case.opened, case.id)):
        reconstruct(case, state.dossiers)
    state.ledger.restore(parts.legs)
    for leg in parts.legs:
        state.timers.wake(LEDGER, leg.key, state.ledger.expires(leg))
