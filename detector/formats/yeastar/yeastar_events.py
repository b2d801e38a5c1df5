"""Frames that a Yeastar pushed over WebSocket or to a webhook, as something wrote them to a file."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import msgspec

from detector.contract.codec import Rejected, mended, reject
from detector.contract.visibility import Source
from detector.formats.format import Format, FormatOptions, Reading, register
from detector.formats.json_texts import JsonTexts
from detector.formats.yeastar.yeastar_clock import PbxClock
from detector.formats.yeastar.yeastar_columns import fields_of
from detector.formats.yeastar.yeastar_fields import BadFieldError, Record, born, seconds, text
from detector.formats.yeastar.yeastar_frames import YeastarFrames, encoded, message_of
from detector.formats.yeastar.yeastar_tellings import API

MAX_VALUE_BYTES = 16 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
STAMPED = re.compile(rb"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\]?[ \t]+(?=[\[{])")
NO_TIME = Rejected(reason="a frame without a time; write `received_at` into it, or the time it came before it")
ANOTHER_PRODUCT = "an event of another product of Yeastar (S-Series, the old Cloud PBX), of which only NewCdr is read"
NEW_CDR = "NewCdr"
HEARTBEATS = (b"heartbeat response", b"heartbeat")


@register
class YeastarEvents(Format):
    """One frame a line, an array of them, or indented; `msg` an object or the JSON text of one.

    Most frames say no time: it is `received_at` in the frame, or a time before it on the line (local without a zone).
    Else it is what the frame tells by the way (the end of a call, the second in which a call began, when a notice was
    made), or as a last resort the time of the frame before.
    """

    name: ClassVar[str] = "yeastar-events"
    sources: ClassVar[tuple[Source, ...]] = (API,)
    max_line: ClassVar[int] = MAX_VALUE_BYTES

    def __init__(self, options: FormatOptions) -> None:
        super().__init__(options)
        self._texts = JsonTexts(MAX_VALUE_BYTES)
        self._frames = YeastarFrames(
            options.pbx, options.zone, keyed_hash=options.keyed_hash, parties=options.parties, unread=self.unread
        )  # fmt: skip
        self._clock = PbxClock(options.zone)
        self._moment: datetime | None = None

    def read(self, line: bytes) -> Iterator[Reading]:
        """The events of all frames that are complete with this line."""
        line = line.removeprefix(BOM).rstrip(b"\r\n")
        if not self._texts.open and (not line.strip() or line.strip() in HEARTBEATS):
            self.ignored += 1
            return
        for content in self._texts.add(line):
            yield from (content,) if isinstance(content, Rejected) else self._value(content)

    @property
    def held(self) -> int:
        """Lines of indented JSON that has no end yet."""
        return self._texts.held

    def close(self) -> Iterator[Reading]:
        """Indented JSON that breaks off."""
        yield from self._texts.close()

    def _value(self, content: bytes) -> Iterator[Reading]:
        stamp = STAMPED.match(content)
        came = self._stamp(stamp[1].decode()) if stamp is not None else None
        content = content[stamp.end() :] if stamp is not None else content
        if len(content) > MAX_VALUE_BYTES:
            yield Rejected(reason=f"JSON of {len(content)} bytes, allowed are {MAX_VALUE_BYTES}")
            return
        try:
            value = mended(msgspec.json.decode, content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield reject(str(error), content)
            return
        for frame in value if isinstance(value, list) else [value]:
            if isinstance(frame, Mapping):
                yield from self._frame(frame, came)
            else:
                yield reject(f"expected an object, got {type(frame).__name__}", content)

    def _frame(self, frame: Record, came: datetime | None) -> Iterator[Reading]:
        kind = frame.get("event", frame.get("action"))
        strange = isinstance(kind, str) and ("type" not in frame or not isinstance(frame["type"], int))
        if strange and kind != NEW_CDR:
            yield reject(ANOTHER_PRODUCT, encoded(frame), "type")
            return
        written = frame.get("received_at")
        at = (self._stamp(written) if isinstance(written, str) else None) or came or self._told(frame)
        if at is None:
            yield NO_TIME
            return
        if self._moment is None or at > self._moment:
            self._moment = at
        if strange:
            yield self._frames.new_cdr(frame, at)
            return
        unread = self.unread.total
        found = self._frames.read(frame, at)
        self.ignored += not found and self.unread.total == unread
        yield from found

    def _stamp(self, shown: str) -> datetime | None:
        try:
            moment = datetime.fromisoformat(shown[:64].replace(",", "."))
            local = moment if moment.tzinfo is not None else moment.replace(tzinfo=self.options.zone)
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def _told(self, frame: Record) -> datetime | None:
        """What the frame says of its time; a call that goes on began then, so time at least does not go back."""
        try:
            message = message_of(frame["msg"]) if "msg" in frame else fields_of(frame.items())
            shown = text(message, "time_start", "create_time", "time")
            if shown is not None:
                lasted = seconds(message, "call_duration", "duration") or 0.0
                return self._clock.read(shown, not_before=born(text(message, "call_id"))) + timedelta(seconds=lasted)
            told = born(text(message, "call_id"))
        except (BadFieldError, ValueError, OverflowError, msgspec.MsgspecError, RecursionError):
            return self._moment
        return max(told, self._moment) if told is not None and self._moment is not None else told or self._moment
