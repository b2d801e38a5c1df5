"""Frames of Asterisk's manager interface (AMI) out of lines: `Key: value` up to an empty line."""

import re
from collections.abc import Mapping

from detector.contract.codec import Rejected
from detector.contract.events import MAX_EVENT_BYTES

FIELD = re.compile(r"([A-Za-z][\w.()-]{0,63}):(?: (.*))?", re.ASCII | re.DOTALL)
BANNER = b"Asterisk Call Manager/"
MAX_LINES = 512
TOO_LONG = Rejected(reason=f"a frame of more than {MAX_LINES} lines or {MAX_EVENT_BYTES} bytes")
TWO_EVENTS = Rejected(reason="two events in one frame: a value held a line end, or an empty line was lost")
BROKEN_OFF = Rejected(reason="a frame that breaks off")

Fields = Mapping[str, str]


class Frames:
    """Collects lines; a frame is used only once its empty line has come.

    `odd` counts its lines that are no fields, `strange` is the first of them; both hold until the next frame begins.
    """

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}
        self._lines = 0
        self._bytes = 0
        self._spoilt = False
        self._over = False
        self.odd = 0
        self.strange = b""

    @property
    def open(self) -> bool:
        """Whether a frame has begun."""
        return not self._over and (bool(self._fields) or self.odd > 0)

    def add(self, line: bytes) -> Fields | Rejected | None:
        """The frame that an empty line completes; one whose fields cannot be trusted is told once."""
        content = line.rstrip(b"\r\n")
        if self._over:
            self._reset()
        if not content:
            self._over = True
            return self._fields if (self._fields or self.odd) and not self._spoilt else None
        if self._spoilt or content.startswith(BANNER):
            return None
        self._lines += 1
        self._bytes += len(content)
        if self._lines > MAX_LINES or self._bytes > MAX_EVENT_BYTES:
            return self._spoil(TOO_LONG)
        field = FIELD.fullmatch(content.decode("utf-8", "replace"))
        if field is None:
            self.odd += 1
            self.strange = self.strange or content
        elif field[1] == "Event" and "Event" in self._fields:
            return self._spoil(TWO_EVENTS)
        else:
            self._fields.setdefault(field[1], (field[2] or "").strip())
        return None

    def close(self) -> Fields | Rejected | None:
        """What has no end: its last value may be cut; a frame without any field is nevertheless one."""
        told, self._over = self.open and not self._spoilt, True
        if not told:
            return None
        return BROKEN_OFF if self._fields else {}

    def _spoil(self, why: Rejected) -> Rejected:
        self._spoilt = True
        return why

    def _reset(self) -> None:
        self._fields, self.strange = {}, b""
        self._lines = self._bytes = self.odd = 0
        self._spoilt = self._over = False
