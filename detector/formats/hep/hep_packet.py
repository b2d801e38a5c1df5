"""One packet of HEP version 3: who sent which message to whom, and when, as whoever captured it says."""

from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from struct import Struct as Layout

from msgspec import Struct

MAGIC = b"HEP3"
HEAD = 6
"""Bytes of the mark and the length of the whole packet; each chunk has as many before its value."""
MAX_CHUNKS = 64
CHUNK = Layout("!HHH")
TRANSPORTS = {6: "tcp", 17: "udp", 132: "sctp"}
SIP = 1
WHOLE = {1: 1, 2: 1, 3: 4, 4: 4, 5: 16, 6: 16, 7: 2, 8: 2, 9: 4, 10: 4, 11: 1, 12: 4}
"""How long the value of a chunk is that has one length."""
_, PROTOCOL, FROM_4, TO_4, FROM_6, TO_6, FROM_PORT, TO_PORT, SECONDS, MICROS, KIND, CAPTURE = range(1, 13)
KEY, PAYLOAD, PACKED = 14, 15, 16

Chunks = dict[int, bytes]


class HepPacket(Struct, frozen=True, gc=False):
    """What was captured. `kind` is the protocol of the payload, `capture_id` the number that its sender has."""

    kind: int
    sender: str
    sender_port: int
    receiver: str
    transport: str
    at: datetime | None
    capture_id: int
    key: bytes
    payload: bytes


class HepError(Exception):
    """Not a packet that can be read; the text says why, in words that do not hold what came."""


def read_packet(data: bytes) -> HepPacket:
    """The packet that these bytes are, neither more nor less. Raises HepError."""
    if data[:4] != MAGIC:
        raise HepError("not HEP version 3")
    if len(data) < HEAD or int.from_bytes(data[4:6]) != len(data):
        raise HepError("a packet of another length than it says")
    chunks = _chunks(data)
    if PACKED in chunks:
        raise HepError("a compressed payload, which is not read")
    if PAYLOAD not in chunks or KIND not in chunks:
        raise HepError("a packet without payload or protocol")
    four = FROM_4 in chunks
    sender, receiver = (FROM_4, TO_4) if four else (FROM_6, TO_6)
    if sender not in chunks or receiver not in chunks:
        raise HepError("a packet that does not say who sent it to whom")
    return HepPacket(
        chunks[KIND][0], _address(chunks[sender]), _number(chunks, FROM_PORT), _address(chunks[receiver]),
        TRANSPORTS.get(_number(chunks, PROTOCOL), ""), _moment(chunks), _number(chunks, CAPTURE),
        chunks.get(KEY, b""), chunks[PAYLOAD],
    )  # fmt: skip


def _chunks(data: bytes) -> Chunks:
    """The values of the chunks that everybody has, by their numbers; those of vendors are left out."""
    found: Chunks = {}
    at, end = HEAD, len(data)
    for _ in range(MAX_CHUNKS + 1):
        if at == end:
            return found
        if at + HEAD > end:
            raise HepError("a chunk that is cut off")
        vendor, number, length = CHUNK.unpack_from(data, at)
        if length < HEAD or at + length > end:
            raise HepError("a chunk of a length that cannot be")
        if vendor == 0:
            if number in found:
                raise HepError("the same chunk twice")
            if WHOLE.get(number, length - HEAD) != length - HEAD:
                raise HepError("a chunk of another length than its kind has")
            found[number] = data[at + HEAD : at + length]
        at += length
    raise HepError("too many chunks")


def _number(chunks: Chunks, number: int) -> int:
    return int.from_bytes(chunks.get(number, b""))


def _moment(chunks: Chunks) -> datetime | None:
    seconds, micros = _number(chunks, SECONDS), _number(chunks, MICROS)
    if seconds == 0:
        return None
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros if micros < 1_000_000 else 0)


@lru_cache(maxsize=16_384)
def _address(packed: bytes) -> str:
    """As text, IPv4 out of its IPv6 mapping."""
    if len(packed) == 4:
        return str(IPv4Address(packed))
    found = IPv6Address(packed)
    return str(found.ipv4_mapped or found)
