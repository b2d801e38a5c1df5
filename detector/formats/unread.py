"""Lines that bear our marks and were not understood: counted by reason, with a sample of each, never silent."""

from collections import Counter

MAX_REASONS = 64
SAMPLE_BYTES = 240
OTHERS = "for yet other reasons"


class UnreadLines:
    """A tally by reason, at most 64 of them. Samples are cut short; whoever shows one escapes it."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.samples: dict[str, bytes] = {}

    @property
    def total(self) -> int:
        """How many lines in all."""
        return self.counts.total()

    def note(self, reason: str, line: bytes, count: int = 1) -> None:
        """This line was not understood, for this reason."""
        if reason not in self.counts and len(self.counts) >= MAX_REASONS:
            reason = OTHERS
        self.counts[reason] += count
        self.samples.setdefault(reason, line[:SAMPLE_BYTES].rstrip(b"\r\n"))

    def add(self, other: "UnreadLines") -> None:
        """Those of another reader, too."""
        for reason, count in other.counts.items():
            self.note(reason, other.samples[reason], count)

    def take(self) -> "UnreadLines":
        """What was noted since this was last asked for: of a source that never ends."""
        taken = UnreadLines()
        taken.counts, taken.samples = self.counts, self.samples
        self.counts, self.samples = Counter(), {}
        return taken
