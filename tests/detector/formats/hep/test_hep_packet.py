"""Packets of HEP: what cannot be one is refused with a reason, whatever the bytes."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.formats.hep.hep_packet import HepError, read_packet
from tests.hep import PBX, START, THIEF, chunk, packet

SOUND = packet(b"OPTIONS", THIEF, PBX, START, key=b"secret", port=5080)


def whole(*chunks: bytes) -> bytes:
    """A packet of these chunks."""
    body = b"".join(chunks)
    return b"HEP3" + struct.pack("!H", 6 + len(body)) + body


WHO = (chunk(3, bytes(4)), chunk(4, bytes(4)), chunk(11, b"\x01"))
FLAWS = {
    "another protocol": (b"HEP2" + SOUND[4:], "not HEP version 3"),
    "nothing": (b"", "not HEP version 3"),
    "the mark alone": (b"HEP3", "a packet of another length than it says"),
    "something behind it": (SOUND + b"x", "a packet of another length than it says"),
    "cut off": (SOUND[:-1], "a packet of another length than it says"),
    "a chunk of no length": (whole(*WHO, struct.pack("!HHH", 0, 15, 0)), "a chunk of a length that cannot be"),
    "a chunk beyond the end": (whole(*WHO, struct.pack("!HHH", 0, 15, 7)), "a chunk of a length that cannot be"),
    "half a chunk": (whole(*WHO, chunk(15, b"x"), b"\x00\x00"), "a chunk that is cut off"),
    "two senders": (whole(*WHO, chunk(3, bytes(4)), chunk(15, b"x")), "the same chunk twice"),
    "an address of three bytes": (
        whole(chunk(3, bytes(3)), *WHO[1:], chunk(15, b"x")), "a chunk of another length than its kind has"
    ),
    "no receiver": (
        whole(WHO[0], WHO[2], chunk(15, b"x")), "a packet that does not say who sent it to whom"
    ),
    "no payload": (whole(*WHO), "a packet without payload or protocol"),
    "a compressed payload": (whole(*WHO, chunk(16, b"x")), "a compressed payload, which is not read"),
    "more chunks than anybody sends": (
        whole(*WHO, chunk(15, b"x"), *(chunk(200 + n, b"") for n in range(61))), "too many chunks"
    ),
}  # fmt: skip


def test_who_sent_what_to_whom_and_when() -> None:
    found = read_packet(SOUND)
    assert (found.sender, found.sender_port, found.receiver, found.transport) == (THIEF, 5080, PBX, "udp")
    assert (found.at, found.capture_id, found.key, found.payload) == (START, 7, b"secret", b"OPTIONS")


def test_what_a_vendor_adds_is_left_out() -> None:
    many = [chunk(200 + number, b"") for number in range(59)]
    found = read_packet(whole(chunk(15, b"forged", vendor=9), *WHO, chunk(15, b"x"), *many))
    assert found.payload == b"x"


@pytest.mark.parametrize(
    ("sender", "shown"),
    [("2001:db8::66", "2001:db8::66"), ("::ffff:203.0.113.66", "203.0.113.66")],
    ids=["IPv6", "IPv4 within IPv6"],
)
def test_addresses_of_six(sender: str, shown: str) -> None:
    assert read_packet(packet(b"x", sender, "2001:db8::10", START)).sender == shown


@pytest.mark.parametrize(("data", "reason"), FLAWS.values(), ids=FLAWS)
def test_what_is_no_packet_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(HepError, match=reason):
        read_packet(data)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_packet_or_refused(data: bytes, marked: bool) -> None:
    with suppress(HepError):
        read_packet(whole(data) if marked else data)


@given(st.binary(max_size=300), st.ip_addresses(v=4), st.ip_addresses(), st.integers(0, 2**32 - 1))
def test_what_is_sent_is_what_is_read(payload: bytes, sender, receiver, capture_id: int) -> None:
    receiver = receiver if receiver.version == 4 else sender
    found = read_packet(packet(payload, str(sender), str(receiver), START, capture_id=capture_id))
    assert (found.payload, found.sender, found.receiver) == (payload, str(sender), str(receiver))
    assert found.capture_id == capture_id
