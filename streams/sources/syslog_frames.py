"""Messages of syslog out of a stream of bytes: counted in octets or ended by a line end, as each one begins."""

import re

from detector.contract.events import MAX_EVENT_BYTES

COUNT = re.compile(rb"(\d{1,7}) ")
PART_OF_COUNT = re.compile(rb"\d{1,7}")
HEADER = re.compile(
    rb"<\d{1,3}>(?:1 \S{1,40} |[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d |\d{4}-\S{1,40} )(\S{1,255}) "
)
BETWEEN = b"\r\n\0 "


class SyslogFrames:
    """Gives messages as they are complete; of one beyond the limit its beginning, which is too long for its reader."""

    def __init__(self, longest: int = MAX_EVENT_BYTES + 1) -> None:
        self._longest = longest
        self._buffer = b""
        self._skips = 0
        self._to_line_end = False

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete with these bytes."""
        self._buffer += data
        found = []
        while (message := self._next()) is not None:
            found.append(message)
        return [one for one in found if one]

    def close(self) -> list[bytes]:
        """A last message that nobody ended."""
        rest, self._buffer = self._buffer, b""
        return [rest] if rest.strip(BETWEEN) and not self._skips and not self._to_line_end else []

    def _next(self) -> bytes | None:
        """A message, empty where something was only passed over; None where more must come."""
        if self._skips:
            passed = min(self._skips, len(self._buffer))
            self._buffer, self._skips = self._buffer[passed:], self._skips - passed
            return b"" if passed else None
        if self._to_line_end:
            end = self._buffer.find(b"\n")
            self._buffer, self._to_line_end = (b"", True) if end < 0 else (self._buffer[end + 1 :], False)
            return None if end < 0 else b""
        self._buffer = self._buffer.lstrip(BETWEEN)
        counted = COUNT.match(self._buffer)
        if counted is not None:
            return self._counted(counted.end(), int(counted[1]))
        if PART_OF_COUNT.fullmatch(self._buffer):
            return None
        return self._line()

    def _counted(self, begins: int, octets: int) -> bytes | None:
        taken = min(octets, self._longest)
        if len(self._buffer) < begins + taken:
            return None
        message = self._buffer[begins : begins + taken]
        self._buffer, self._skips = self._buffer[begins + taken :], octets - taken
        return message

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n")
        if 0 <= end <= self._longest:
            message, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
            return message
        if len(self._buffer) <= self._longest:
            return None
        message, self._buffer, self._to_line_end = self._buffer[: self._longest], self._buffer[self._longest :], True
        return message


def host_of(message: bytes) -> str | None:
    """The name of the host that a message says it is from."""
    found = HEADER.match(message)
    return None if found is None else found[1].decode("utf-8", "replace").lower()
