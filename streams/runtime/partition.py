"""One partition's engine with its checkpoint, the same in every runtime."""

from collections.abc import Iterable, Sequence

from detector.contract.codec import Codec, Rejected, from_micros
from detector.contract.events import AnyEvent, Tick, Unknown
from detector.contract.findings import AnyFinding
from detector.engine.engine import Engine
from detector.engine.state import Pages
from detector.enrich.premises import Tables
from detector.settings import Settings
from models.places import Places
from models.unusual import Unusual
from streams.store.checkpoints import Checkpoints

TICK_DELAY = 2_000_000
"""Microseconds."""


class Partition:
    """Applies the events of one partition in the order of their offsets.

    `recover` first: it takes the partition over from whoever had it and loads the last checkpoint. Whatever comes
    at or below the offset reached changes nothing, so a log may be processed again from any place.
    """

    def __init__(self, settings: Settings, tables: Tables, checkpoints: Checkpoints, partition: int = 0) -> None:
        self.engine = Engine(settings, tables, Places(), Unusual())
        self.offset = 0
        self.saved = 0
        self._codec = Codec(trusted=True)
        self._checkpoints = checkpoints
        self._unsaved: Pages = {}
        self._collected = 0
        self._partition = partition
        self._epoch = 0

    def recover(self) -> int:
        """Own the partition and take its memory from the last checkpoint; returns the offset it stands for."""
        self._epoch = self._checkpoints.claim(self._partition)
        checkpoint = self._checkpoints.load(self._partition)
        self.engine.load(checkpoint.pages)
        self.offset = self.saved = self._collected = max(checkpoint.offset, 0)
        return self.offset

    def process(self, events: Iterable[tuple[int, AnyEvent | Unknown]]) -> list[AnyFinding]:
        """Findings of events `(offset, event)`, in order."""
        findings: list[AnyFinding] = []
        for offset, event in events:
            if offset > self.offset:
                findings.extend(self.engine.process(event))
                self.offset = offset
        return findings

    def apply(self, offset: int, events: Iterable[AnyEvent | Unknown]) -> list[AnyFinding]:
        """Findings of all events that stand at one offset: they are applied together, or not at all."""
        findings: list[AnyFinding] = []
        if offset > self.offset:
            for event in events:
                findings.extend(self.engine.process(event))
            self.offset = offset
        return findings

    def replay(self, log: Sequence[tuple[int, bytes]]) -> list[AnyFinding]:
        """Findings of what stands in the log as JSON."""
        return self.process((offset, event) for offset, raw in log for event in self._decoded(raw))

    def _decoded(self, raw: bytes) -> list[AnyEvent | Unknown]:
        return [event for event in self._codec.decode(raw) if not isinstance(event, Rejected)]

    def ticks(self, now: int) -> list[Tick]:
        """Time that has passed, as events of the PBXs with a timer due at `now`, less what may still be on its way."""
        now -= TICK_DELAY
        at = from_micros(now)
        return [
            Tick(pbx=pbx, id=f"tick:{now}", at=at, received_at=at, source="ringfence") for pbx in self.engine.due(now)
        ]

    def checkpoint(self) -> int:
        """Save what changed with the offset reached, in one transaction; returns that offset.

        What could not be saved goes with the next one. Raises `Fenced` when somebody else owns the partition by now:
        the process must end.
        """
        self.collect()
        return self.save()

    def collect(self) -> int:
        """Gather what changed up to the offset reached, for `save`; returns that offset."""
        if self.offset > self.saved:
            self._unsaved.update(self.engine.dirty_pages())
        self._collected = self.offset
        return self._collected

    def save(self) -> int:
        """Save what was gathered, as `checkpoint` does; in another thread, too, while events go on being applied."""
        if self._collected > self.saved:
            self._checkpoints.save(self._partition, self._epoch, self._collected, self._unsaved)
            self._unsaved = {}
            self.saved = self._collected
        return self.saved


def kind_of(finding: AnyFinding) -> str:
    """`detection`, `incident`, `decision` or `action`."""
    return type(finding).__name__.lower()
