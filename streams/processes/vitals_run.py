"""How `ringfence run` is doing."""

import time
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.metrics_core import Metric

from streams.observe.families import gauge
from streams.processes.vitals_parts import (
    JournalMetrics,
    archive_up,
    checkpoint_metrics,
    dead_letters,
    engine_metrics,
    list_metrics,
    source_metrics,
)
from streams.runtime.embedded import Embedded
from streams.runtime.ingest import SourceStatus
from streams.runtime.list_status import ListStatus
from streams.store.checkpoints import SqlCheckpoints
from streams.store.journal.journal import Journal

CHECKPOINT = 60.0


class RunVitals:
    """Reads what the runtime keeps anyway."""

    def __init__(
        self,
        runtime: Embedded,
        checkpoints: SqlCheckpoints,
        journal: Journal,
        statuses: Callable[[], Iterable[SourceStatus]],
        archive_up: Callable[[], bool],
        lists: Callable[[], Iterable[ListStatus]],
        missing: Callable[[], Iterable[str]],
    ) -> None:
        self._runtime = runtime
        self._checkpoints = checkpoints
        self._journal = JournalMetrics(journal)
        self._statuses = statuses
        self._archive_up = archive_up
        self._lists = lists
        self._missing = missing

    async def metrics(self) -> list[Metric]:
        """Throughput, sources, and what stands in the journal."""
        return [*self._read(), *await self._journal.metrics()]

    def ailments(self) -> Iterator[str]:
        """Why nothing is detected, or would be lost, or is not blocked where it should be."""
        if self._runtime.problem is not None:
            yield self._runtime.problem
        if (unsaved := time.monotonic() - self._runtime.checkpoint_at) > CHECKPOINT:
            yield f"memory was last saved {unsaved:.0f} s ago"
        yield from self._missing()

    def _read(self) -> Iterator[Metric]:
        runtime, engine = self._runtime, self._runtime.partition.engine
        yield from engine_metrics(engine.counts, engine.errors, runtime.found)
        yield dead_letters(runtime.dead_letters)
        yield from checkpoint_metrics(self._checkpoints, time.monotonic() - runtime.checkpoint_at)
        yield gauge("waiting_batches", "Batches of events that wait to be made durable.", runtime.waiting)
        left = runtime.partition.offset - runtime.archived() if runtime.archived is not None else 0
        yield gauge("archive_waiting_events", "Events in the log that are not in the archive yet.", left)
        yield archive_up(self._archive_up())
        yield from source_metrics(self._statuses())
        yield from list_metrics(self._lists())
