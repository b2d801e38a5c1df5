"""Yeastar's records of finished calls (30012, CDR rows), and why calls fail, as contract calls."""

import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct, structs

from detector.contract.events import ROW, Call
from detector.formats.parties import Parties
from detector.formats.yeastar.yeastar_clock import PbxClock
from detector.formats.yeastar.yeastar_fields import (
    BadFieldError,
    Record,
    address,
    born,
    epoch,
    extension_of,
    key,
    number_of,
    seconds,
    snake,
    text,
)

KeyedHash = Callable[[str], str]
MAX_ROWS = 4_096
MAX_TWINS = 64

DISPOSITIONS = {
    "answerd": "answered", "answer": "answered", "abandoned": "no_answer", "noanswer": "no_answer",
    "no_answered": "no_answer",
}  # fmt: skip
DIRECTIONS = frozenset({"outbound", "inbound", "internal"})
CODES = {
    "403": "rejected", "404": "unallocated", "408": "timeout", "410": "unallocated", "484": "unallocated",
    "486": "busy", "487": "cancelled", "503": "congestion", "603": "rejected",
}  # fmt: skip
WORDS = {
    "no dial permission": "no_permission", "no outbound restriction": "no_permission",
    "congestion": "congestion", "user busy": "busy", "dnd": "rejected", "wrong pin": "wrong_pin",
}  # fmt: skip
QUARTER_SECONDS = 900
MORE = 2
"""The revision of what says more than a frame does; whatever names the route as well is one higher than without."""
MARKS = ("uid", "new_id")
SENT_ON = re.compile(
    r"(?:[^<>]{0,128}<)?(\d{1,15})>? (?:has |was )?(?:blind |attended |consult )?"
    r"(forward|transfer)r?ed(?: the call)? to ",
    re.ASCII | re.IGNORECASE,
)
OUTBOUND, INBOUND, TRANSIT = "outbound", "inbound", "transit"


class RecordReader(Struct, frozen=True):
    """What the records of one PBX are read with; `keyed_hash` stands for PINs, `parties` names who is ours."""

    pbx: str
    keyed_hash: KeyedHash
    parties: Parties

    def call_ended(self, record: Record, clock: PbxClock, received_at: datetime | None) -> Call:
        """30012: one CDR row at the end of a call, without the caller's address. Raises `BadFieldError`."""
        return _record(self, record, clock, received_at, revision=0)

    def cdr_event(self, record: Record, clock: PbxClock, received_at: datetime | None) -> Call:
        """A row of `cdr/list` or `cdr/search`: the same `id` and `leg` as its 30012, and the caller's address.

        Raises `BadFieldError`.
        """
        return _record(self, record, clock, received_at, revision=MORE)


def reason_of(shown: str | None) -> str | None:
    """The contract's word for the PBX's reason, else its own text."""
    if shown is None:
        return None
    lower = shown.lower()
    word = next((word for part, word in WORDS.items() if part in lower), None)
    return CODES.get(shown[:3]) or word or shown


def _record(
    reader: RecordReader, record: Record, clock: PbxClock, received_at: datetime | None, *, revision: int
) -> Call:
    duration = seconds(record, "call_duration", "duration")
    talk = seconds(record, "talk_duration")
    started = _started(record, clock, duration or 0.0, received_at)
    try:
        ended = started + timedelta(seconds=duration or 0.0)
    except OverflowError:
        raise BadFieldError("a time outside the calendar", "duration") from None
    trunk = text(record, "dst_trunk_name", "dst_trunk")
    trunk_in = text(record, "src_trunk_name", "src_trunk")
    from_ = text(record, "call_from_number") or number_of(text(record, "call_from"))
    to = text(record, "call_to_number") or number_of(text(record, "call_to"))
    disposition = _disposition(text(record, "status", "disposition"))
    pin = text(record, "pin_code")
    reason = text(record, "reason")
    via, sender = _sent_on(reason, reader.parties) if trunk else (None, None)
    direction = _direction(text(record, "type", "call_type"), trunk, trunk_in)
    owner = extension_of({INBOUND: to, TRANSIT: None}.get(direction, from_), reader.parties)
    if direction == OUTBOUND and from_ and owner is None:
        direction = TRANSIT  # who calls is outside, by whatever trunk it came in
    if not via and disposition == "voicemail" and direction == INBOUND:
        via = "voicemail"
    call_id = key(record, "call_id")
    row = row_of(started, bool(talk), from_, to, trunk, trunk_in)
    return Call(
        pbx=reader.pbx,
        id=f"cdr:{call_id}:{row}",
        at=ended,
        revision=revision,
        received_at=received_at,
        phase="ended",
        call_id=call_id,
        leg=f"{ROW}{row}",
        direction=direction,
        extension=owner,
        from_=from_,
        to=to,
        trunk=trunk,
        trunk_in=trunk_in,
        via=via or "direct",
        on_behalf_of=sender,
        source_ip=address(record, "src_addr"),
        pin=reader.keyed_hash(pin) if pin else None,
        started_at=started,
        answered_at=ended - timedelta(seconds=talk) if talk and talk <= (duration or 0.0) else None,
        duration=duration,
        talk=talk,
        disposition=disposition,
        reason=reason_of(reason),
    )


def row_of(started: datetime, talked: bool, *parts: str | None) -> str:
    """Tells the rows of one call apart, and is the same whichever way a row came.

    `uid` does not: newer firmware gives it to all legs of a call (the row's own is `new_id`, only in the API), older
    firmware sends 30012 without. Of the time only the place within its quarter of an hour is taken, which no time zone
    changes, and no hour that comes twice.
    """
    place = int(started.timestamp()) % QUARTER_SECONDS
    body = "\0".join((str(place), str(talked), *(part or "" for part in parts)))
    return sha256(body.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class RowTwins:
    """Numbers rows that are alike in all but their `uid`, or the `new_id` of their own: those are several.

    Only where both state one, so that a row is the same whether a frame brings it without or the API with it. They are
    numbered as they come, not named by what they state: another transport may tell of them in another order, or of
    other ids.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, list[dict[str, str]]] = OrderedDict()

    def tell_apart(self, call: Call, record: Record) -> Call:
        """The call of `record`, under a name of its own if it is a twin. Raises `BadFieldError`."""
        marks = {name: mark for name in MARKS if (mark := text(record, name, limit=256))}
        if not marks:
            return call
        known = self._known.setdefault(call.id, [])
        if len(self._known) > MAX_ROWS:
            self._known.popitem(last=False)
        number = next((number for number, other in enumerate(known) if _agree(marks, other)), len(known))
        if number == len(known) < MAX_TWINS:
            known.append({})
        if number < len(known):
            known[number].update(marks)
        return structs.replace(call, id=f"{call.id}:{number + 1}", leg=f"{call.leg}:{number + 1}") if number else call


def _agree(marks: dict[str, str], other: dict[str, str]) -> bool:
    return all(other.get(name, mark) == mark for name, mark in marks.items())


def _started(record: Record, clock: PbxClock, lasted: float, known_by: datetime | None) -> datetime:
    exact = epoch(record, "timestamp")
    if exact is not None:
        return exact
    shown = text(record, "time_start", "time")
    if shown is None:
        raise BadFieldError("missing", "time")
    try:
        return clock.read(shown, lasted=lasted, known_by=known_by, not_before=born(text(record, "call_id")))
    except ValueError as error:
        raise BadFieldError(str(error), "time") from None


def _direction(shown: str | None, trunk: str | None, trunk_in: str | None) -> str:
    """What holds a trunk is outside, whatever the type says: a forwarded call is Inbound to some firmwares."""
    kind = shown.lower() if shown else ""
    if trunk or trunk_in:
        return TRANSIT if trunk_in and (trunk or kind == OUTBOUND) else OUTBOUND if trunk else INBOUND
    return kind if kind in DIRECTIONS else "internal"


def _sent_on(reason: str | None, parties: Parties) -> tuple[str | None, str | None]:
    """How a call went on outside, and the extension that sent it there."""
    found = SENT_ON.match(reason or "")
    sender = extension_of(found[1], parties) if found else None
    return (found[2].lower(), sender) if found and sender else (None, None)


def _disposition(shown: str | None) -> str | None:
    if shown is None:
        return None
    word = snake(shown)
    return DISPOSITIONS.get(word, word)
