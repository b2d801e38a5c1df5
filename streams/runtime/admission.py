"""Judges what comes in before it is written: as it would stand in the log, and as it would be read there."""

from msgspec import Struct

from detector.contract.codec import Codec, Rejected
from detector.contract.events import AnyEvent, Unknown


class Admitted(Struct, frozen=True):
    """An event that may stand in the log: as the bytes there, and as they will be read."""

    raw: bytes
    event: AnyEvent | Unknown


class TurnedAway(Struct, frozen=True):
    """What is kept of an event that nobody could read: why, and whence it came."""

    rejected: Rejected
    source: str
    pbx: str | None


class Admission:
    """Holds events of others to the limits of the contract, and lets our own `control` events pass if `trusted`."""

    def __init__(self) -> None:
        self._codecs = {trusted: Codec(trusted=trusted) for trusted in (False, True)}

    def judge(self, event: AnyEvent, *, trusted: bool) -> Admitted | TurnedAway:
        """The event as recovery, or a worker, will find it; or why it cannot be let in."""
        codec = self._codecs[trusted]
        try:
            raw = codec.encode(event)
        except UnicodeEncodeError:
            return turned_away(event, Rejected(reason="text that UTF-8 has no bytes for"))
        read = codec.decode(raw)[0]
        return turned_away(event, read) if isinstance(read, Rejected) else Admitted(raw, read)


def turned_away(event: AnyEvent, rejected: Rejected) -> TurnedAway:
    """The names of an event without the characters that no database takes."""
    return TurnedAway(rejected, visible(event.source or ""), visible(event.pbx))


def visible(text: str) -> str:
    """The same with lone surrogates, which UTF-8 has no bytes for, written out."""
    return text.encode("utf-8", "backslashreplace").decode()
