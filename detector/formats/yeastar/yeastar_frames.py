"""Frames a Yeastar pushes over WebSocket or webhook, as contract events."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import TypeVar, cast

import msgspec
from msgspec import Struct, structs

from detector.contract.codec import Rejected, mended, reject, to_micros
from detector.contract.events import MAX_EVENT_BYTES, AnyEvent, Call, Event, Registration
from detector.formats.parties import Parties
from detector.formats.unread import UnreadLines
from detector.formats.yeastar import yeastar_calls, yeastar_notices
from detector.formats.yeastar.yeastar_clock import PbxClock
from detector.formats.yeastar.yeastar_columns import fields_of
from detector.formats.yeastar.yeastar_fields import BadFieldError, Record, address, key, snake, text
from detector.formats.yeastar.yeastar_records import RecordReader, RowTwins

REGISTRATION = 30007
CALL_STATE = 30011
CALL_END = 30012
TRANSFER = 30013
FORWARD = 30014
CALL_FAILED = 30015
CALLS = frozenset({CALL_STATE, TRANSFER, FORWARD, CALL_FAILED})
NOTICES = (30034, 30035, 30036)
WANTED = (REGISTRATION, CALL_STATE, CALL_END, TRANSFER, FORWARD, CALL_FAILED, *NOTICES)
IGNORED = frozenset({30005, 30006, 30008, 30009, 30016, 30020, 30029})
"""Of organizations, extensions' settings and states, presence, invitations, phones and agents."""
FindRoutes = Callable[[Call], tuple[str, ...]]
"""The outbound route a call went by, all of them where it is one of several, none where nothing explains it."""
NOBODY_NAMED = Parties()
KNOWN = IGNORED | set(WANTED)

DEVICES = {"sip": "sip", "mobile": "linkus_mobile", "pad": "linkus_mobile", "desktop": "linkus_desktop",
           "web": "linkus_web"}  # fmt: skip
OUTCOMES = {"registered": "accepted", "unregistered": "expired"}


class Frame(Struct, frozen=True):
    """The envelope; `msg` is an object, or a JSON text of one."""

    type: int
    msg: object
    sn: str = ""


FRAME = msgspec.json.Decoder(Frame)
E = TypeVar("E", bound=Event)


class YeastarFrames:
    """Turns one PBX's frames into events, and notes in `unread` types of frames and members nobody knows.

    `zone` is the PBX's own. `notice_names` maps `event_name`s of system events to contract names, over and
    above the known ones; `keyed_hash` stands for PINs, which are not kept. No frame names the route of a call: whoever
    knows the PBX's routes sets `find_routes`.
    """

    def __init__(
        self,
        pbx: str,
        zone: tzinfo,
        notice_names: Mapping[str, str] | None = None,
        *,
        keyed_hash: Callable[[str], str],
        parties: Parties = NOBODY_NAMED,
        unread: UnreadLines | None = None,
    ) -> None:
        self.pbx = pbx
        self.clock = PbxClock(zone)
        self.unread = UnreadLines() if unread is None else unread
        self.find_routes: FindRoutes = lambda call: ()
        self._parties = parties
        self._reader = RecordReader(pbx, keyed_hash, parties)
        self._twins = RowTwins()
        self._names = yeastar_notices.NAMES | {snake(name): to for name, to in (notice_names or {}).items()}

    def read(self, frame: bytes | Mapping[str, object], received_at: datetime) -> list[AnyEvent | Rejected]:
        """The events of one frame got at `received_at` (aware); what cannot be used is one `Rejected`."""
        raw = frame if isinstance(frame, bytes) else encoded(frame)
        if len(raw) > MAX_EVENT_BYTES:
            return [reject(f"frame of {len(raw)} bytes, allowed are {MAX_EVENT_BYTES}", raw)]
        try:
            envelope = mended(FRAME.decode, raw)
            message = message_of(envelope.msg)
            told = self._events(envelope.type, message, received_at)
            events: list[AnyEvent | Rejected] = [self._routed(event) for event in told]
        except BadFieldError as error:
            return [reject(error.reason, raw, error.field)]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return [reject(str(error), raw)]
        reason = why_unread(envelope.type, message)
        if reason is not None:
            self.unread.note(reason, raw)
        return events

    def cdr_event(self, row: Mapping[str, object], received_at: datetime | None) -> Call | Rejected:
        """A row of `cdr/list` or `cdr/search`."""
        try:
            call = self._reader.cdr_event(row, self.clock, received_at)
            return self._routed(self._twins.tell_apart(call, row))
        except BadFieldError as error:
            return reject(error.reason, encoded(row), error.field)

    def new_cdr(self, frame: Mapping[str, object], received_at: datetime) -> Call | Rejected:
        """What the S-Series and the old Cloud PBX push at the end of a call, which is no frame of a P-Series."""
        row = fields_of(frame.items())
        row.setdefault("call_id", row.get("new_id"))
        try:
            return self._routed(self._twins.tell_apart(self._reader.call_ended(row, self.clock, received_at), row))
        except BadFieldError as error:
            return reject(error.reason, encoded(frame), error.field)

    def calls_snapshot(self, rows: Sequence[Mapping[str, object]], received_at: datetime) -> list[AnyEvent | Rejected]:
        """The calls that are up now, from `call/query`."""
        found: list[AnyEvent | Rejected] = []
        for row in rows:
            try:
                found.extend(map(self._routed, yeastar_calls.calls_up(self.pbx, row, received_at, self._parties)))
            except BadFieldError as error:
                found.append(reject(error.reason, encoded(row), error.field))
        return found

    def _events(self, kind: int, message: Record, received_at: datetime) -> Sequence[AnyEvent]:
        if kind == REGISTRATION:
            return [_registration(self.pbx, message, received_at)]
        if kind == CALL_STATE:
            return yeastar_calls.calls_changed(self.pbx, message, received_at, self._parties)
        if kind == CALL_END:
            return [self._twins.tell_apart(self._reader.call_ended(message, self.clock, received_at), message)]
        if kind == CALL_FAILED:
            return yeastar_calls.call_failed(self.pbx, message, received_at)
        if kind in {TRANSFER, FORWARD}:
            via = "transfer" if kind == TRANSFER else "forward"
            return yeastar_calls.calls_changed(self.pbx, message, received_at, self._parties, via)
        if kind in NOTICES:
            return [yeastar_notices.system_event(self.pbx, kind, message, received_at, self._names)]
        return []

    def _routed(self, event: E) -> E:
        """The event with the route of its call, one revision higher: who does not know the routes tells of it, too."""
        found = self.find_routes(event) if isinstance(event, Call) else ()
        if not found:
            return event
        if len(found) > 1:
            return structs.replace(event, possible_routes=found, revision=event.revision + 1)
        return structs.replace(event, route=found[0], revision=event.revision + 1)


def why_unread(kind: int, message: Record) -> str | None:
    """Why a frame, or a part of it, tells nothing that it should; None if all of it is known."""
    if kind in CALLS:
        strange = yeastar_calls.strange(message)
        return f"a frame of type {kind} with members of a call that are not known" if strange else None
    return None if kind in KNOWN else f"a frame of type {str(kind)[:32]} that is not known"


def type_of(frame: bytes) -> int | None:
    """The event id of a frame, if it is one."""
    envelope = _envelope(frame)
    return envelope.type if envelope else None


def serial_of(frame: bytes) -> str | None:
    """The serial number of the PBX that sent a frame, if it is one."""
    envelope = _envelope(frame)
    return envelope.sn if envelope else None


def _envelope(frame: bytes) -> Frame | None:
    try:
        return mended(FRAME.decode, frame)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _registration(pbx: str, message: Record, received_at: datetime) -> Registration:
    """30007: nothing in it tells two alike apart, so the id holds the millisecond it came in."""
    status = key(message, "status", 32)
    kind = text(message, "kind", limit=32)
    body = "\0".join(text(message, name) or "" for name in ("extension", "kind", "status", "registered_ip"))
    digest = sha256(body.encode()).hexdigest()[:24]
    return Registration(
        pbx=pbx,
        id=f"registration:{digest}:{to_micros(received_at) // 1000}",
        at=received_at,
        received_at=received_at,
        outcome=OUTCOMES.get(status.lower(), snake(status)),
        extension=key(message, "extension"),
        source_ip=address(message, "registered_ip"),
        device=DEVICES.get(kind.lower(), kind.lower()) if kind else None,
    )


def message_of(given: object) -> Record:
    """The `msg` of a frame, an object or the JSON text of one. Raises BadFieldError, msgspec.MsgspecError."""
    if isinstance(given, str):
        given = mended(msgspec.json.decode, given.encode())
    if not isinstance(given, dict):
        raise BadFieldError("expected an object", "msg")
    return cast(Record, given)


def encoded(record: Mapping[str, object]) -> bytes:
    """A frame or row as JSON; nothing if it is none."""
    try:
        return msgspec.json.encode(record)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return b""
