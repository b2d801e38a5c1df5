"""Packets that somebody has mangled: nothing raises, each is told or counted, and none makes up who it was.

`RINGFENCE_MUTATED_PACKETS` says how many, 3,000 where it says nothing.
"""

import os
from datetime import UTC
from random import Random

from detector.contract.codec import Rejected
from detector.contract.events import Event
from detector.formats import FormatOptions
from detector.formats.hep.hep_format import Hep
from detector.formats.own_network import Network
from tests.detector.formats.mutated import mutate
from tests.hep import CARRIER, PBX, START, THIEF, packet, samples

PACKETS = int(os.environ.get("RINGFENCE_MUTATED_PACKETS", "3000"))
CHUNK = 5_000
HEAD = 110
"""About where the SIP begins."""


def mangled(data: bytes, other: bytes, chance: Random) -> bytes:
    """All of it, only its frame, or only its SIP in a frame that is sound."""
    way = chance.randrange(3)
    if way == 0:
        return mutate(data, other, chance)
    if way == 1:
        return mutate(data[:HEAD], other[:HEAD], chance) + data[HEAD:]
    return packet(mutate(data[HEAD:], other[HEAD:], chance)[:60_000], THIEF, PBX, START)


def test_any_packet_is_told_or_counted_and_bounds_hold() -> None:
    source = samples()
    chance = Random("packets")  # noqa: S311 - to be repeated, nothing secret
    for _ in range(-(-PACKETS // CHUNK)):
        hep = Hep(
            FormatOptions(pbx="hq", zone=UTC, year=None, keyed_hash=str, network=Network([PBX], {"c": [CARRIER]}))
        )
        for _ in range(min(CHUNK, PACKETS)):
            data = chance.choice(source)
            before = hep.unread.total
            for each in hep.read_bytes(mangled(data, chance.choice(source), chance)):
                assert isinstance(each, Event | Rejected)
            assert hep.unread.total - before <= 1
        assert hep.unread.total
        list(hep.close())
        assert hep.held == 0


def test_the_head_is_where_the_sip_begins() -> None:
    assert {data[HEAD - 15 :].find(b"SIP") >= 0 for data in samples()} == {True}
