"""HEP version 3: the SIP of a PBX as events, whether packets come one by one or stand in a file."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Call
from detector.contract.visibility import Source
from detector.formats.asterisk.asterisk_attempts import Attempts
from detector.formats.format import Format, FormatOptions, Reading, register
from detector.formats.hep.hep_packet import HEAD, MAGIC, SIP, HepError, HepPacket, read_packet
from detector.formats.hep.hep_tellings import ALONE, BESIDE
from detector.formats.hep.sip_calls import SipCalls
from detector.formats.hep.sip_credentials import ASKED, QUESTIONS, SipCredentials
from detector.formats.hep.sip_exchanges import SipExchange, SipExchanges
from detector.formats.hep.sip_message import SipError, SipMessage, read_message
from detector.formats.hep.sip_scans import SipScans
from detector.formats.own_network import Network

NO_SCAN = frozenset({
    "REGISTER", "INVITE", "SUBSCRIBE", "ACK", "BYE", "CANCEL", "PRACK", "UPDATE", "INFO", "NOTIFY", "REFER", "MESSAGE",
    "PUBLISH",
})  # fmt: skip
"""What telephones ask. OPTIONS is asked by them too, and by carriers: those are known by their addresses."""
GUESSED = "{address} is the PBX, because it was asked to register: name its addresses under `hep`"
NO_TIME = Rejected(reason="a packet without a time, before any that has one")
FOREIGN = "a request between addresses of which none is named as the PBX's under `hep`"
CUT_OFF = "a packet that is cut off"


@register
class Hep(Format):
    """Reads the final answers to requests; who it was, only addresses of packets and credentials that were taken say.

    In a file packets stand one behind the other, with anything between them. `calls` False leaves out calls that
    somebody else tells of: all that the PBX did not turn away.
    """

    name: ClassVar[str] = "hep"
    sources: ClassVar[tuple[Source, ...]] = (ALONE, BESIDE)

    def __init__(self, options: FormatOptions, *, calls: bool = True) -> None:
        super().__init__(options)
        self._tell_calls = calls
        self._network = options.network
        self._exchanges = SipExchanges()
        self._attempts = Attempts()
        self._buffer = b""
        self._moment: datetime | None = None
        self._met = False
        self._begin()

    def _begin(self) -> None:
        options = self.options
        self._credentials = SipCredentials(options.pbx, self.name, self._network)
        self._calls = SipCalls(options.pbx, self.name, self._network, options.parties, self._credentials)
        self._scans = SipScans(options.pbx, self.name)

    @property
    def held(self) -> int:
        """Refusals that may yet be forgiven, and a packet that has no end yet."""
        return self._attempts.holding + bool(self._buffer)

    def read(self, line: bytes) -> Iterator[Reading]:
        """The events of the packets that end within these bytes of a file."""
        self._buffer += line if line.endswith(b"\n") else line + b"\n"
        while True:
            at = self._buffer.find(MAGIC)
            if at < 0:
                self._buffer = self._buffer[-len(MAGIC) + 1 :]
                return
            self._buffer = self._buffer[at:]
            length = max(HEAD, int.from_bytes(self._buffer[4:6]))
            if len(self._buffer) < length:
                return
            data, self._buffer = self._buffer[:length], self._buffer[length:]
            yield from self.read_bytes(data)

    def read_bytes(self, data: bytes, moment: datetime | None = None) -> Sequence[Reading]:
        """The events that one packet completes; `moment` is when it came, for one that does not say when it was."""
        try:
            return self.read_packet(read_packet(data), data, moment)
        except HepError as error:
            self.unread.note(str(error), data)
            return ()

    def read_packet(self, packet: HepPacket, data: bytes, moment: datetime | None) -> Sequence[Reading]:
        """The same of a packet that was taken apart."""
        if packet.kind != SIP or not packet.payload.strip(b"\r\n\0"):
            self.ignored += 1  # what is no SIP, and the empty lines that keep a way open
            return ()
        at = packet.at or moment or self._moment
        if at is None:
            return (NO_TIME,)
        self._moment = at
        try:
            message = read_message(packet.payload)
        except SipError as error:
            self.unread.note(str(error), packet.payload)
            return self._due(at)
        found = self._request(packet, message, at) if message.status == 0 else self._answer(packet, message, at)
        return [*self._due(at), *found]

    def close(self) -> Iterator[Reading]:
        """What was held back, and a packet that breaks off."""
        if len(self._buffer) > len(MAGIC):
            self.unread.note(CUT_OFF, self._buffer)
        self._buffer = b""
        yield from self._attempts.release()
        if self._moment is not None:
            yield from self._scans.release(self._moment)

    def _due(self, at: datetime) -> list[Reading]:
        return [*self._attempts.advance(at), *self._scans.advance(at)]

    def _request(self, packet: HepPacket, message: SipMessage, at: datetime) -> Sequence[AnyEvent]:
        if not self._network.addresses and message.method == "REGISTER":
            self._guess(packet.receiver)
        inward = packet.receiver in self._network.addresses
        if inward == (packet.sender in self._network.addresses):
            self._pass_over(packet, inward=inward)
            return ()
        self._met = True
        if message.method == "BYE":
            return self._of_calls(self._calls.bye(packet, message, at))
        if message.method in NO_SCAN and message.method not in ASKED:
            self.ignored += 1
            return ()
        given_up = self._exchanges.unanswered
        asked = self._exchanges.ask(packet, message, at)
        self.ignored += self._exchanges.unanswered - given_up
        if asked is None:
            self.ignored += 1
            return ()
        if message.method == "INVITE":
            return self._of_calls(self._calls.invite(asked, inward=inward))
        if inward and message.method not in NO_SCAN and self._is_stranger(asked):
            return self._scans.note(asked)
        return ()

    def _answer(self, packet: HepPacket, message: SipMessage, at: datetime) -> Sequence[AnyEvent]:
        asked = self._exchanges.answer(packet, message)
        if asked is None:
            self.ignored += 1
            return ()
        told: list[AnyEvent] = []
        if message.status >= 200 and message.method in ASKED:
            told += self._judged(asked, message, at)
        if message.method == "INVITE":
            told += self._of_calls(self._calls.answer(asked, message, at))
        return told

    def _judged(self, asked: SipExchange, answer: SipMessage, at: datetime) -> Iterable[AnyEvent]:
        if asked.receiver not in self._network.addresses:
            failed = self._credentials.trunk_failed(asked, answer, at)
            return () if failed is None else (failed,)
        if self._network.trunk(asked.sender) and answer.status in QUESTIONS:
            return ()  # a carrier that is asked for credentials is nobody who guesses
        draft = self._credentials.judge(asked, answer, at)
        return () if draft is None else self._attempts.fold(at, draft)

    def _is_stranger(self, asked: SipExchange) -> bool:
        return not self._network.trunk(asked.sender) and not self._credentials.is_phone(asked.sender)

    def _of_calls(self, calls: Sequence[Call]) -> Sequence[Call]:
        """Those that are ours to tell."""
        if self._tell_calls:
            return calls
        return [call for call in calls if call.direction is None]  # strangers', who were turned away

    def _pass_over(self, packet: HepPacket, *, inward: bool) -> None:
        """Between parts of the PBX, or between others; before the first of its own that is most likely a mistake."""
        if inward or self._met:
            self.ignored += 1
        else:
            self.unread.note(FOREIGN, f"{packet.sender} asks {packet.receiver}".encode())

    def _guess(self, address: str) -> None:
        self._network = Network((address,))
        self._begin()
        self.assume(GUESSED.format(address=address))
