"""Bytes to events and back; what is unreadable is told apart, never raised."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct, ValidationError

from detector.contract.events import KINDS, MAX_EVENT_BYTES, AnyEvent, Control, Unknown
from detector.contract.findings import AnyFinding

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EXCERPT = 512
MAX_NAMES = 1_000
LONE = 6
ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|.)", re.DOTALL)
OUR_OWN_BYTES = 16 * 1024 * 1024
"""What stands in our own log was judged when it came in; only our settings may be larger than an event."""


class Rejected(Struct, frozen=True, kw_only=True):
    """A record nobody can use: `reason` says what is wrong, `field` where, `excerpt` is its bounded start."""

    reason: str
    field: str = ""
    excerpt: str = ""


def to_micros(moment: datetime) -> int:
    """Integer microseconds since 1970 UTC of an aware `moment`."""
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The UTC moment `micros` after 1970; what lies outside years 1 to 9999 is set to the nearest end."""
    try:
        return EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if micros > 0 else datetime.min.replace(tzinfo=UTC)


def mend(raw: bytes) -> bytes:
    """JSON whose texts hold what is no character (bytes that are not UTF-8, halves of a surrogate pair), without it.

    Attackers choose names and agents: a broken one must not make the event that tells of it unreadable.
    """
    text = raw.decode("utf-8", "replace").encode()
    return ESCAPE.sub(lambda found: rb"\ufffd" if len(found[0]) == LONE else found[0], text)


def mended(decode: Callable[[bytes], T], raw: bytes) -> T:
    """What `decode` makes of JSON, mended where it is unreadable as it came. Raises what `decode` raises."""
    try:
        return decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return decode(mend(raw))


class Codec:
    """Decodes contract events and counts what newer producers send that schema 1 does not know.

    `trusted` lets our own `control` events through; from anybody else they are rejected.
    """

    def __init__(self, *, trusted: bool = False) -> None:
        self.trusted = trusted
        self._limit = OUR_OWN_BYTES if trusted else MAX_EVENT_BYTES
        self.unknown: Counter[str] = Counter()
        self._one = msgspec.json.Decoder(AnyEvent)
        self._array = msgspec.json.Decoder(list[AnyEvent])
        self._raws = msgspec.json.Decoder(list[Raw])
        self._encoder = msgspec.json.Encoder()

    def encode(self, event: AnyEvent | Unknown) -> bytes:
        """One JSON object in UTF-8, without a line end."""
        return self._encoder.encode(event)

    def decode(self, raw: bytes) -> list[AnyEvent | Unknown | Rejected]:
        """All records of one wire value: an object or an array of objects, in order."""
        if len(raw) <= self._limit:
            try:
                events = self._array.decode(raw) if raw[:1] == b"[" else [self._one.decode(raw)]
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return list(self._slowly(raw))
            return [self._checked(event) for event in events]
        return list(self._slowly(raw))

    def _slowly(self, raw: bytes) -> Iterator[AnyEvent | Unknown | Rejected]:
        if raw.lstrip()[:1] != b"[":
            yield self._single(raw)
            return
        try:
            parts = mended(self._raws.decode, raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield reject(str(error), raw)
            return
        for part in parts:
            yield self._single(bytes(part))

    def _single(self, raw: bytes) -> AnyEvent | Unknown | Rejected:
        if len(raw) > self._limit:
            return reject(f"event of {len(raw)} bytes, allowed are {self._limit}", raw)
        try:
            return self._checked(self._one.decode(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._lenient(raw)

    def _lenient(self, raw: bytes) -> AnyEvent | Unknown | Rejected:
        """Take out what schema 1 does not know, then judge what is left."""
        try:
            record = mended(msgspec.json.decode, raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return reject(str(error), raw)
        if not isinstance(record, dict):
            return reject(f"expected an object, got {type(record).__name__}", raw)
        kind = record.get("kind")
        if not isinstance(kind, str):
            return reject("missing or not text", raw, "kind")
        shape = KINDS.get(kind)
        if shape is None:
            return self._unknown_kind(kind, record, raw)
        fields = {field.encode_name for field in msgspec.structs.fields(shape)} | {"kind"}
        strange = [name for name in record if name not in fields]
        for name in strange:
            self._count(f"{kind}.{name[:64]}")
        try:
            event = msgspec.convert({name: record[name] for name in record if name in fields}, AnyEvent)
        except ValidationError as error:
            return invalid(error, raw)
        return self._checked(event)

    def _unknown_kind(self, kind: str, record: dict[str, object], raw: bytes) -> Unknown | Rejected:
        try:
            event = msgspec.convert(record, Unknown)
        except ValidationError as error:
            return invalid(error, raw)
        self._count(f"kind {kind[:64]}")
        return event

    def _count(self, name: str) -> None:
        """Names come from outside: beyond a thousand of them the new ones are counted as one."""
        self.unknown[name if name in self.unknown or len(self.unknown) < MAX_NAMES else "others"] += 1

    def _checked(self, event: AnyEvent) -> AnyEvent | Rejected:
        for name, values in event.ENUMS.items():
            value = getattr(event, name)
            if value is not None and value not in values:
                self._count(f"{name}={value[:64]}")
        if type(event) is Control and not self.trusted:
            return Rejected(reason="control events are written by Ringfence only", field="kind")
        return event


def encode_finding(finding: AnyFinding) -> bytes:
    """One JSON object in UTF-8; what is unknown is absent."""
    record = msgspec.to_builtins(finding)
    return msgspec.json.encode({name: value for name, value in record.items() if value is not None})


def reject(reason: str, raw: bytes, field: str = "") -> Rejected:
    """A rejection with the bounded start of what was read, control characters made visible."""
    return Rejected(reason=reason[:EXCERPT], field=field, excerpt=excerpt_of(raw))


def excerpt_of(raw: bytes) -> str:
    """The bounded start of what others wrote, control characters made visible."""
    text = raw[:EXCERPT].decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def invalid(error: ValidationError, raw: bytes) -> Rejected:
    """A rejection from msgspec's message, which ends in the path of the field."""
    reason, _, path = str(error).partition(" - at `$.")
    return reject(reason, raw, path.rstrip("`"))
