"""How unusual an observation is: how rare each feature is, which adds up and explains itself, and their combination."""

from array import array
from collections.abc import Sequence
from math import log2
from sys import byteorder

from msgspec import Struct

from detector.enrich.scores import Score
from detector.memory.fields import Memory, Record, digest
from models.trees import HalfSpaceTrees

VERSION = 1
MOST = 2**32 - 1
HEAD = 3
PEERS = 20
"""What peers do counts as much as so many observations of one's own: where somebody new starts from."""
OWN_HORIZON = 255
"""Observations after which all that is known of one subject counts half: the square still fits 16 bits."""
PEERS_HORIZON = 8_192
SCORES = 64
"""Cells of the running quantiles, two bits each."""


class Feature(Struct, frozen=True):
    """A feature by its number of cells; only those whose cells are `ordered` take part in combinations."""

    name: str
    cells: int
    ordered: bool = True


class Scorer:
    """Score before learning. Cells are counted for each subject and for all its peers; a subject begins as a peer.

    Counts halve after `OWN_HORIZON` and `PEERS_HORIZON` observations. A record is an array of version, a note of 32
    bits, observations of each feature, sums of the squares of its counts, and the counts; behind a peer's come the
    running quantiles of scores.
    """

    def __init__(self, name: str, features: Sequence[Feature], *, warm: int) -> None:
        """`warm`: observations of the peers before which the share of a score is not known."""
        self.own, self.peers = f"model {name}", f"model {name} peers"
        self.features = tuple(features)
        self.warm = warm
        self._starts: list[int] = []
        self._end = HEAD + 2 * len(self.features)
        for feature in self.features:
            self._starts.append(self._end)
            self._end += feature.cells
        self._own_fresh = array("H", [VERSION, *[0] * (self._end - 1)]).tobytes()
        self._peers_fresh = array("I", [VERSION, *[0] * (self._end + SCORES)]).tobytes()
        size = len(self.features)
        self._layout = [
            (feature.name, HEAD + place, HEAD + size + place, self._starts[place], feature.cells / 2)
            for place, feature in enumerate(self.features)
        ]
        self._ordered = [place for place, feature in enumerate(self.features) if feature.ordered]
        self.trees = HalfSpaceTrees(f"model {name} trees", [self.features[place].cells for place in self._ordered])

    def score(self, memory: Memory, subject: str, group: str, cells: tuple[int | None, ...]) -> Score:
        """How unusual it is for `subject` of `group`."""
        own, peers = self._own(memory, subject), self._peers(memory, group)
        parts: dict[str, float] = {}
        for cell, (name, place, square, start, half) in zip(cells, self._layout, strict=True):
            count = peers[place]
            if cell is None or not count:
                continue
            seen, at = own[place], start + cell
            likely = own[at] + PEERS * (peers[at] + 0.5) / (count + half)
            usual = PEERS * peers[square] / (count * count) + (own[square] / seen if seen else 0)
            if usual > likely:
                parts[name] = log2(usual / likely)
        together = self.trees.score(memory, group, self._point(cells))
        if together > 0:
            parts["combination"] = together
        bits = sum(parts.values())
        return Score(bits, self._share(peers, bits), parts, cells)

    def noted(self, memory: Memory, subject: str) -> int:
        """The note that was left when something was last learned of it; 0 for none."""
        page = memory.page(self.own, subject)
        return 0 if page is None else int.from_bytes(page[2:6], byteorder)

    def learn(self, memory: Memory, subject: str, group: str, score: Score, note: int = 0) -> None:
        """From now on this is a little more usual."""
        own, peers = self._own(memory, subject), self._peers(memory, group)
        for cell, (_, place, square, start, _half) in zip(score.cells, self._layout, strict=True):
            if cell is None:
                continue
            at = start + cell
            own[at] = count = own[at] + 1
            own[square] += 2 * count - 1
            own[place] = seen = own[place] + 1
            if seen >= OWN_HORIZON:
                self._halve(own, place - HEAD)
            peers[at] = count = peers[at] + 1
            peers[square] += 2 * count - 1
            peers[place] = seen = peers[place] + 1
            if seen >= PEERS_HORIZON:
                self._halve(peers, place - HEAD)
        peers[self._end + 1 + cell_of(score.bits)] += 1
        peers[self._end] += 1
        if peers[self._end] >= PEERS_HORIZON:
            halved = [count // 2 for count in peers[self._end + 1 :]]
            peers[self._end :] = array("I", [sum(halved), *halved])
        own[1:HEAD] = array("H", (note & MOST).to_bytes(4, byteorder))
        memory.put(self.own, subject, own)
        memory.put(self.peers, group, peers)
        self.trees.learn(memory, group, self._point(score.cells))

    def _own(self, memory: Memory, subject: str) -> Record:
        page = memory.page(self.own, subject)
        return array("H", page or self._own_fresh)

    def _peers(self, memory: Memory, group: str) -> Record:
        page = memory.page(self.peers, group)
        return array("I", page or self._peers_fresh)

    def _halve(self, record: Record, place: int) -> None:
        start, size = self._starts[place], len(self.features)
        halved = array(record.typecode, [count // 2 for count in record[start : start + self.features[place].cells]])
        record[start : start + len(halved)] = halved
        record[HEAD + place] = sum(halved)
        record[HEAD + size + place] = sum(count * count for count in halved)

    def _share(self, peers: Record, bits: float) -> float:
        count = peers[self._end]
        if count < self.warm:
            return 1.0
        return (sum(peers[self._end + 1 + cell_of(bits) :]) + 1) / (count + 1)

    def _point(self, cells: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return tuple([cells[place] for place in self._ordered])


def cell_of(bits: float) -> int:
    """The cell of the running quantiles."""
    return min(int(bits) // 2, SCORES - 1)


def octave(number: int, cells: int) -> int:
    """Which power of two; nothing and less is 0."""
    return min(max(number, 0).bit_length(), cells - 1)


def hashed(text: str, cells: int) -> int:
    """The cell of a text; none gets the first."""
    return 1 + digest(text) // 2 % (cells - 1)
