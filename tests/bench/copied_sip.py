"""How fast copies of SIP are read from a socket, beside a loop that only takes them from it."""

import socket
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta

from detector.formats import FormatOptions
from detector.formats.hep.hep_format import Hep
from detector.formats.own_network import Network
from tests.hep import CARRIER, PBX, START, Talk, dial, guess

AT_ONCE = 32
"""Packets that wait in the socket, fewer than any system keeps."""


def packets(wanted: int) -> list[bytes]:
    """Registrations that are accepted and refused, and calls over a trunk, of many telephones in turn."""
    found: list[bytes] = []
    turn = 0
    while len(found) < wanted:
        address = f"198.18.{turn // 250 % 250}.{turn % 250 + 1}"
        talk = Talk(address, call_id=f"{turn}@{address}", at=START + timedelta(milliseconds=turn))
        found += guess(talk, str(1_000 + turn % 500), status=401 if turn % 4 else 200, answer=f"{turn:08x}")
        if turn % 8 == 0:
            out = Talk(PBX, CARRIER, f"{turn}@{PBX}")
            found += [*dial(talk, out, "912125550100", "12125550100"), out.hang_up(), talk.hang_up(by_other=True)]
        turn += 1
    return found[:wanted]


def take(sent: Sequence[bytes], use: Callable[[bytes], object]) -> None:
    """Each packet through a socket, one after the other, as it would come."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as into,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out,
    ):
        into.bind(("127.0.0.1", 0))
        out.connect(into.getsockname())
        for first in range(0, len(sent), AT_ONCE):
            batch = sent[first : first + AT_ONCE]
            for each in batch:
                out.send(each)
            for _ in batch:
                use(into.recv(65_535))


def read_alone(sent: Sequence[bytes]) -> None:
    """Nothing is done with them."""
    take(sent, len)


def read_into_events(sent: Sequence[bytes]) -> None:
    """All that a source does before the log."""
    network = Network([PBX], {"carrier": [CARRIER]})
    take(sent, Hep(FormatOptions(pbx="hq", zone=UTC, year=None, keyed_hash=str, network=network)).read_bytes)


def decode_only(sent: Sequence[bytes]) -> None:
    """The same without a socket."""
    network = Network([PBX], {"carrier": [CARRIER]})
    reader = Hep(FormatOptions(pbx="hq", zone=UTC, year=None, keyed_hash=str, network=network))
    for each in sent:
        reader.read_bytes(each)
