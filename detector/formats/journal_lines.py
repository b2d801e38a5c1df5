"""What `journalctl -o json` prints, as the line of syslog it stands for."""

import msgspec
from msgspec import Struct, field

from detector.contract.codec import from_micros, mended


class _Entry(Struct):
    """The message is a text, or a list of its bytes where they are none; the time is microseconds in a text."""

    message: str | list[int] | None = field(name="MESSAGE", default=None)
    micros: str = field(name="__REALTIME_TIMESTAMP", default="")
    program: str = field(name="SYSLOG_IDENTIFIER", default="pbx")


ENTRY = msgspec.json.Decoder(_Entry)


def out_of_journal(line: bytes) -> bytes:
    """The line with the journal's time before it; any other line, and an entry without a text, as it came."""
    if line[:1] != b"{":
        return line
    try:
        entry = mended(ENTRY.decode, line)
        content = bytes(entry.message) if isinstance(entry.message, list) else (entry.message or "").encode()
        at = from_micros(int(entry.micros)).isoformat() if entry.micros.isdecimal() and len(entry.micros) < 20 else ""
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return line
    program = "".join(c for c in entry.program[:64] if c.isalnum() or c in "-_.") or "pbx"
    return f"{at} pbx {program}: ".encode() + content if at else content
