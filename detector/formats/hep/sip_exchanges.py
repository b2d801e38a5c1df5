"""A SIP request and what came of it: sent again it is the same one, and so is its answer."""

from collections import OrderedDict
from datetime import datetime, timedelta

from msgspec import Struct

from detector.formats.bounded import keep
from detector.formats.hep.hep_packet import HepPacket
from detector.formats.hep.sip_message import SipMessage

MAX_OPEN = 16_384
SENT_AGAIN = timedelta(seconds=32)
"""For so long a request may be sent again (64 T1): what comes later with the same marks is another one."""

ExchangeKey = tuple[str, int, str, str, str, str]


class SipExchange(Struct, gc=False):
    """A request with where it really came from. `answered` is its last status, 0 before the first."""

    message: SipMessage
    sender: str
    port: int
    receiver: str
    transport: str
    at: datetime
    answered: int = 0


class SipExchanges:
    """The requests of the last time, at most 16,384; `unanswered` counts those that were given up without an answer."""

    def __init__(self) -> None:
        self._open: OrderedDict[ExchangeKey, SipExchange] = OrderedDict()
        self.unanswered = 0

    def ask(self, packet: HepPacket, message: SipMessage, at: datetime) -> SipExchange | None:
        """A new request; None for one that is sent again. Other credentials make it another one."""
        key = _key(message, packet.sender, packet.receiver)
        known = self._open.get(key)
        if known is not None and known.message.answer == message.answer and abs(at - known.at) <= SENT_AGAIN:
            return None
        found = SipExchange(message, packet.sender, packet.sender_port, packet.receiver, packet.transport, at)
        if known is not None:
            self.unanswered += not known.answered
        elif len(self._open) == MAX_OPEN:
            self.unanswered += not next(iter(self._open.values())).answered
        keep(self._open, key, found, MAX_OPEN)
        return found

    def answer(self, packet: HepPacket, message: SipMessage) -> SipExchange | None:
        """What is answered, None where nobody was seen to ask, or the same was answered before."""
        found = self._open.get(_key(message, packet.receiver, packet.sender))
        if found is None or message.status <= found.answered or found.answered >= 200:
            return None
        found.answered = message.status
        return found


def _key(message: SipMessage, asking: str, asked: str) -> ExchangeKey:
    return (message.call_id, message.number, message.method, message.branch, asking, asked)
