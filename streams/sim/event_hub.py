"""Events the PBX pushes: envelopes, and everyone who listens."""

import json
from collections import deque
from collections.abc import Callable

EXTENSION_REGISTRATION = 30007
EXTENSION_CALL_STATE = 30008
CALL_STATE = 30011
CALL_END = 30012
CALL_FAILED = 30015
INBOUND_INVITATION = 30016
NOTICE_INFORMATION = 30034
NOTICE_WARNING = 30035
NOTICE_ALERT = 30036

EVENT_IDS = (
    EXTENSION_REGISTRATION,
    EXTENSION_CALL_STATE,
    CALL_STATE,
    CALL_END,
    CALL_FAILED,
    INBOUND_INVITATION,
    NOTICE_INFORMATION,
    NOTICE_WARNING,
    NOTICE_ALERT,
)
_MESSAGE_IS_OBJECT = frozenset({NOTICE_INFORMATION, NOTICE_WARNING, NOTICE_ALERT})
_KEPT = 20_000

Sink = Callable[[int, str], None]
"""Takes the id of an event and its frame as JSON text."""


class EventHub:
    """Wraps messages in the PBX's envelope and hands them to every sink, in order."""

    def __init__(self, serial: str) -> None:
        self._serial = serial
        self._sinks: list[Sink] = []
        self.sent: deque[tuple[int, dict[str, object]]] = deque(maxlen=_KEPT)
        """The last events, as (id, message)."""

    def listen(self, sink: Sink) -> Callable[[], None]:
        """Add a sink; the answer removes it again."""
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink)

    def emit(self, event: int, message: dict[str, object]) -> None:
        """Push one event: `msg` is a JSON string, an object for system events only."""
        self.sent.append((event, message))
        msg = message if event in _MESSAGE_IS_OBJECT else json.dumps(message, separators=(",", ":"))
        frame = json.dumps({"type": event, "sn": self._serial, "msg": msg})
        for sink in list(self._sinks):
            sink(event, frame)
