"""SIP as it goes between telephones, a PBX and its carrier, in packets of HEP version 3."""

import re
import struct
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from msgspec import Struct

PBX, CARRIER, OFFICE, THIEF = "192.0.2.10", "198.51.100.20", "192.0.2.101", "203.0.113.66"
START = datetime(2026, 5, 7, 13, 30, tzinfo=UTC)
SCANNER = "friendly-scanner"


def chunk(number: int, value: bytes, vendor: int = 0) -> bytes:
    """One chunk."""
    return struct.pack("!HHH", vendor, number, 6 + len(value)) + value


def packet(
    payload: bytes, sender: str, receiver: str, at: datetime | None, *, capture_id: int = 7, key: bytes = b"",
    kind: int = 1, port: int = 5060,
) -> bytes:  # fmt: skip
    """One packet, as a capture agent sends it."""
    source, destination = ip_address(sender), ip_address(receiver)
    four = source.version == 4
    body = chunk(1, b"\x02" if four else b"\x0a") + chunk(2, b"\x11")
    body += chunk(3 if four else 5, source.packed) + chunk(4 if four else 6, destination.packed)
    body += chunk(7, struct.pack("!H", port)) + chunk(8, struct.pack("!H", 5060))
    if at is not None:
        body += chunk(9, struct.pack("!I", int(at.timestamp()))) + chunk(10, struct.pack("!I", at.microsecond))
    body += chunk(11, bytes([kind])) + chunk(12, struct.pack("!I", capture_id))
    body += (chunk(14, key) if key else b"") + chunk(15, payload)
    return b"HEP3" + struct.pack("!H", 6 + len(body)) + body


class Talk(Struct):
    """One side that asks and one that answers, by one Call-ID; each step is some milliseconds after the one before."""

    sender: str
    receiver: str = PBX
    call_id: str = "a@203.0.113.66"
    user: str = "1007"
    agent: str = SCANNER
    at: datetime = START
    port: int = 5060
    number: int = 0
    method: str = ""
    capture_id: int = 7
    key: bytes = b""

    def ask(
        self, method: str, *, to: str = "", login: str | None = None, answer: str = "00ff", more: str = "",
        within: bool = False, again: bool = False,
    ) -> bytes:  # fmt: skip
        """A request; `login` is the name in its credentials; `again` sends what was sent last once more."""
        self.number += not again
        self.method = method
        credentials = "" if login is None else (
            f'Authorization: Digest realm="pbx", username="{login}", nonce="n", uri="sip:x", response="{answer}"\r\n'
        )  # fmt: skip
        uri = f"sip:{to}@{self.receiver}" if to else f"sip:{self.receiver}"
        return self._packet(f"{method} {uri} SIP/2.0\r\n", to or self.user, within, credentials + more, back=False)

    def answer(self, status: int, *, to: str = "", more: str = "", method: str = "") -> bytes:
        """What is answered."""
        self.method = method or self.method
        return self._packet(f"SIP/2.0 {status} Said\r\n", to or self.user, True, more, back=True)

    def hang_up(self, *, by_other: bool = False) -> bytes:
        """BYE, by whoever began it or by the other side."""
        self.number += 1
        self.method = "BYE"
        return self._packet(f"BYE sip:{self.receiver} SIP/2.0\r\n", self.user, True, "", back=by_other)

    def _packet(self, first: str, to: str, within: bool, more: str, *, back: bool) -> bytes:
        self.at += timedelta(milliseconds=5)
        text = (
            f"{first}Via: SIP/2.0/UDP {self.sender}:{self.port};branch=z9hG4bK-{self.number}-{self.method}\r\n"
            f"From: <sip:{self.user}@{self.receiver}>;tag=1\r\nTo: <sip:{to}@{self.receiver}>"
            f"{';tag=2' if within else ''}\r\nCall-ID: {self.call_id}\r\nCSeq: {self.number} {self.method}\r\n"
            f"User-Agent: {self.agent}\r\n{more}Content-Length: 0\r\n\r\n"
        )  # fmt: skip
        ends = (self.receiver, self.sender) if back else (self.sender, self.receiver)
        return packet(
            text.encode(), *ends, self.at, port=5060 if back else self.port, capture_id=self.capture_id, key=self.key
        )


CONTACT = "Contact: <sip:1007@203.0.113.66:5060>\r\nExpires: 3600\r\n"


def guess(talk: Talk, account: str, *, status: int = 401, answer: str = "00ff") -> list[bytes]:
    """A question, credentials, and what becomes of them."""
    talk.user = account
    return [
        talk.ask("REGISTER", more=CONTACT), talk.answer(401),
        talk.ask("REGISTER", login=account, answer=answer, more=CONTACT), talk.answer(status),
    ]  # fmt: skip


def dial(talk: Talk, out: Talk | None, to: str, sent: str, *, login: str | None = "1007") -> list[bytes]:
    """A call that is asked for with credentials, goes to the carrier, and is answered by both."""
    found = [talk.ask("INVITE", to=to), talk.answer(401, to=to)] if login is not None else []
    found += [talk.ask("INVITE", to=to, login=login), talk.answer(100, to=to)]
    if out is None:
        return [*found, talk.answer(200, to=to)]
    out.at = talk.at
    found += [out.ask("INVITE", to=sent), out.answer(100, to=sent), out.answer(183, to=sent), out.answer(200, to=sent)]
    talk.at = out.at
    return [*found, talk.answer(183, to=to), talk.answer(200, to=to)]


def refused(talk: Talk, to: str, status: int, *, login: str | None = None) -> list[bytes]:
    """A call that the PBX turns away."""
    return [talk.ask("INVITE", to=to, login=login), talk.answer(status, to=to)]


def failed(status: int) -> list[bytes]:
    """A call of 1007 that the carrier does not take."""
    talk, out = Talk(OFFICE, call_id=f"in-{status}"), Talk(PBX, CARRIER, f"out-{status}")
    asked = talk.ask("INVITE", to="912125550100", login="1007")
    return [asked, out.ask("INVITE", to="12125550100"), out.answer(status), talk.answer(status)]


def beside_samples() -> list[bytes]:
    """Everybody who comes in, and strangers: what is told beside a connection that tells of calls."""
    packets: list[bytes] = []
    talk = Talk(THIEF)
    for turn in range(4):
        packets += guess(talk, "1007", answer=f"0{turn}")
    packets += guess(Talk(OFFICE, call_id="office", agent="Desk Phone 4.2"), "1001", status=200)
    packets += guess(Talk(OFFICE, call_id="stale"), "1002", status=401)
    gone = Talk(OFFICE, call_id="office")
    packets += [gone.ask("REGISTER", login="1001", more="Contact: *\r\nExpires: 0\r\n"), gone.answer(200)]
    for method in ("INVITE", "SUBSCRIBE"):
        asked = Talk(THIEF, call_id=method, user="1007")
        for turn in range(3):
            packets += [asked.ask(method, to="912125550100"), asked.answer(401)]
            packets += [asked.ask(method, to="912125550100", login="1007", answer=f"0{turn}"), asked.answer(401)]
    for turn in range(40):
        packets.append(Talk(THIEF, call_id=f"scan-{turn}").ask("OPTIONS"))
    for status in (403, 404, 408, 486, 487, 503):
        packets += refused(Talk(THIEF, call_id=f"stranger-{status}"), "00252612345678", status)
    ours = Talk(PBX, CARRIER, "ours", user="pbx")
    packets += [ours.ask("REGISTER", login="pbx", answer="01"), ours.answer(403)]
    return packets


def samples() -> list[bytes]:
    """All that is told where nobody else tells of calls."""
    packets = beside_samples()
    talk, out = Talk(THIEF, call_id="pump-in"), Talk(PBX, CARRIER, "pump-out")
    packets += [*dial(talk, out, "901125263412345", "25263412345"), out.hang_up(), talk.hang_up(by_other=True)]
    for status in (403, 404, 408, 486, 487, 503):
        packets += failed(status)
    came, rings = Talk(CARRIER, call_id="came", user="12125550100"), Talk(PBX, OFFICE, "rings")
    packets += [came.ask("INVITE", to="1001"), rings.ask("INVITE", to="1001"), rings.answer(200, to="1001"),
                came.answer(200, to="1001"), came.hang_up()]  # fmt: skip
    through, outward = Talk(CARRIER, call_id="through", user="12125550100"), Talk(PBX, CARRIER, "outward")
    packets += [through.ask("INVITE", to="00252612345678"), outward.ask("INVITE", to="00252612345678"),
                outward.answer(200), through.answer(200), outward.hang_up()]  # fmt: skip
    inside = Talk(OFFICE, call_id="inside", user="1001")
    packets += [inside.ask("INVITE", to="1002", login="1001"), inside.answer(180, to="1002"), inside.answer(200)]
    return [*packets, inside.hang_up()]


def file_lines(packets: list[bytes]) -> list[bytes]:
    """The lines of a file in which packets stand one behind the other."""
    return lines_of(b"".join(packets))


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a file of bytes, each with its end."""
    return re.findall(rb"[^\n]*\n|[^\n]+", data)


def robbery() -> list[bytes]:
    """Guesses, a registration by whoever guessed, and twelve calls abroad: `tests/data/sip.hep`."""
    thief = "203.0.113.77"
    talk = Talk(thief, call_id="guess@203.0.113.77")
    packets = [each for turn in range(8) for each in guess(talk, "1007", answer=f"{turn:02x}")]
    packets += guess(talk, "1007", status=200, answer="aa")
    for turn in range(12):
        came = Talk(thief, call_id=f"call-{turn}@203.0.113.77", at=START + timedelta(seconds=60 + 4 * turn))
        out = Talk(PBX, CARRIER, f"out-{turn}@192.0.2.10")
        number = f"0112526123450{turn:02}"
        packets += dial(came, out, number, number)
        out.at = came.at = came.at + timedelta(seconds=3)
        packets += [out.hang_up(), came.hang_up(by_other=True)]
    return packets
