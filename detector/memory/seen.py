"""Which event ids were seen: 24 hours or 50,000 of them, whichever is fewer, with their highest revision."""

from collections import deque
from hashlib import blake2b

from msgspec import Struct

MAX_IDS = 50_000
LONGEST = 64
"""Characters of an id that are kept; of a longer one, which an attacker may have written, a digest of 128 bits."""
HORIZON = 24 * 3_600 * 1_000_000
SEGMENT = 128
"""Ids: the newest segment of a PBX is written again with every checkpoint."""


class Segment(Struct, kw_only=True, gc=False):
    """Ids in the order they came, and revisions above 0; a full segment is written once and dropped as a whole."""

    number: int
    latest: int = 0
    ids: list[str] = []
    revisions: dict[str, int] = {}


class Seen:
    """Bounded memory of event ids of one PBX.

    Kept in segments, so that a checkpoint writes only what is new; `dirty` has those that changed, None for one that
    is gone.
    """

    __slots__ = ("dirty", "segments", "where")

    def __init__(self) -> None:
        self.segments: deque[Segment] = deque([Segment(number=0)])
        self.where: dict[str, Segment] = {}
        self.dirty: dict[int, Segment | None] = {}

    def note(self, event_id: str, revision: int, at: int) -> int | None:
        """Remember the id with its revision, `at` in microseconds; returns the highest seen before, if any."""
        if len(event_id) > LONGEST:
            event_id = blake2b(event_id.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        segment = self.where.get(event_id)
        if segment is None:
            known = None
            segment = self._newest(at)
            self.where[event_id] = segment
            segment.ids.append(event_id)
            if at > segment.latest:
                segment.latest = at
        else:
            known = segment.revisions.get(event_id, 0)
            if revision <= known:
                return known
        if revision:
            segment.revisions[event_id] = revision
        self.dirty[segment.number] = segment
        return known

    def restore(self, segments: list[Segment]) -> None:
        """Take all segments from a checkpoint."""
        ordered = sorted(segments, key=lambda segment: segment.number)
        self.segments = deque(ordered or [Segment(number=0)])
        self.where = {event_id: segment for segment in ordered for event_id in segment.ids}

    def _newest(self, at: int) -> Segment:
        """Where there is room for one more."""
        segment = self.segments[-1]
        if len(segment.ids) >= SEGMENT:
            segment = Segment(number=segment.number + 1)
            self.segments.append(segment)
            self._expire(at)
        return segment

    def _expire(self, now: int) -> None:
        while len(self.segments) > 1 and (
            (len(self.segments) - 2) * SEGMENT >= MAX_IDS or self.segments[0].latest < now - HORIZON
        ):
            gone = self.segments.popleft()
            for event_id in gone.ids:
                del self.where[event_id]
            self.dirty[gone.number] = None
