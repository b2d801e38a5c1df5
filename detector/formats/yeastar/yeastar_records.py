"""Yeastar's records of finished calls (30012, CDR rows), and why calls fail, as contract calls."""

import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import structs

from detector.contract.events import ROW, Call
from detector.formats.yeastar.yeastar_clock import PbxClock
from detector.formats.yeastar.yeastar_fields import (
    BadFieldError,
    Record,
    address,
    born,
    epoch,
    key,
    number_of,
    seconds,
    snake,
    text,
)

KeyedHash = Callable[[str], str]
MAX_ROWS = 4_096

DISPOSITIONS = {"answerd": "answered", "abandoned": "no_answer", "noanswer": "no_answer"}
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
FORWARDED = re.compile(r"(\d{1,15}) forwarded to ", re.ASCII)


def call_ended(pbx: str, record: Record, clock: PbxClock, received_at: datetime, keyed_hash: KeyedHash) -> Call:
    """30012: one CDR row at the end of a call, without the caller's address."""
    return _record(pbx, record, clock, received_at, keyed_hash, revision=0)


def cdr_event(pbx: str, record: Record, clock: PbxClock, received_at: datetime | None, keyed_hash: KeyedHash) -> Call:
    """A row of `cdr/list` or `cdr/search`: the same `id` and `leg` as its 30012, and the caller's address.

    Raises `BadFieldError`.
    """
    return _record(pbx, record, clock, received_at, keyed_hash, revision=MORE)


def reason_of(shown: str | None) -> str | None:
    """The contract's word for the PBX's reason, else its own text."""
    if shown is None:
        return None
    lower = shown.lower()
    word = next((word for part, word in WORDS.items() if part in lower), None)
    return CODES.get(shown[:3]) or word or shown


def _record(
    pbx: str,
    record: Record,
    clock: PbxClock,
    received_at: datetime | None,
    keyed_hash: KeyedHash,
    *,
    revision: int,
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
    direction = _direction(text(record, "type", "call_type"), trunk, trunk_in)
    from_ = text(record, "call_from_number") or number_of(text(record, "call_from"))
    to = text(record, "call_to_number") or number_of(text(record, "call_to"))
    disposition = _disposition(text(record, "status", "disposition"))
    pin = text(record, "pin_code")
    reason = text(record, "reason")
    forwarded = FORWARDED.match(reason or "") if trunk else None
    call_id = key(record, "call_id")
    row = row_of(started, bool(talk), from_, to, trunk, trunk_in)
    return Call(
        pbx=pbx,
        id=f"cdr:{call_id}:{row}",
        at=ended,
        revision=revision,
        received_at=received_at,
        phase="ended",
        call_id=call_id,
        leg=f"{ROW}{row}",
        direction=direction,
        extension={"outbound": from_, "internal": from_, "inbound": to}.get(direction),
        from_=from_,
        to=to,
        trunk=trunk,
        trunk_in=trunk_in,
        via="forward" if forwarded else "voicemail" if disposition == "voicemail" else "direct",
        on_behalf_of=forwarded[1] if forwarded else None,
        source_ip=address(record, "src_addr"),
        pin=keyed_hash(pin) if pin else None,
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


class RowUids:
    """Which uid the last rows had: two that are alike in all but their uids are two.

    Only where both state one, so that a row is the same whether a frame brings it without its uid or the API with it.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, str] = OrderedDict()

    def tell_apart(self, call: Call, record: Record) -> Call:
        """The call of `record`, under a name of its own if another row has taken that. Raises `BadFieldError`."""
        uid = text(record, "uid", limit=256)
        if uid is None:
            return call
        known = self._known.setdefault(call.id, uid)
        if len(self._known) > MAX_ROWS:
            self._known.popitem(last=False)
        return call if known == uid else structs.replace(call, id=f"{call.id}:{uid}", leg=f"{call.leg}:{uid}")


def _started(record: Record, clock: PbxClock, lasted: float, known_by: datetime | None) -> datetime:
    exact = epoch(record, "timestamp")
    if exact is not None:
        return exact
    shown = text(record, "time_start", "time")
    if shown is None:
        raise BadFieldError("missing", "time")
    began = born(text(record, "call_id"))
    if known_by is None and began is not None:  # read from a file: of the hour that comes twice, that of its call
        known_by = began + timedelta(seconds=lasted)
    try:
        return clock.read(shown, lasted=lasted, known_by=known_by)
    except ValueError as error:
        raise BadFieldError(str(error), "time") from None


def _direction(shown: str | None, trunk: str | None, trunk_in: str | None) -> str:
    if trunk and trunk_in:
        return "transit"
    if shown and shown.lower() in DIRECTIONS:
        return shown.lower()
    return "outbound" if trunk else "inbound" if trunk_in else "internal"


def _disposition(shown: str | None) -> str | None:
    if shown is None:
        return None
    word = snake(shown)
    return DISPOSITIONS.get(word, word)
