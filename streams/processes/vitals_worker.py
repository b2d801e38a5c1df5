"""How `ringfence worker` is doing."""

import time
from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from streams.kafka.work.rounds import Runtime
from streams.observe.families import counter, gauge, gauges
from streams.processes.vitals_parts import checkpoint_metrics, dead_letters, engine_metrics, journal_up

CHECKPOINT = 60.0
LOOK = 30.0
STANDSTILL = 15


class WorkerVitals:
    """Reads what the runtime keeps anyway."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def metrics(self) -> list[Metric]:
        """Throughput, lag and memory's safety."""
        return list(self._read())

    def ailments(self) -> Iterator[str]:
        """Why it detects nothing, or could not hand over what it detected."""
        runtime, now = self._runtime, time.monotonic()
        if not runtime.started:
            yield "starting: not connected to Kafka and the database yet"
            return
        if (unsaved := now - runtime.partitions.saved_at) > CHECKPOINT:
            yield f"memory was last saved {unsaved:.0f} s ago"
        if (unseen := now - runtime.looked_at) > LOOK:
            yield f"Kafka last said {unseen:.0f} s ago where the log ends"
        if runtime.progress.standstill > STANDSTILL:
            yield f"records wait, and none was processed at {runtime.progress.standstill} looks in a row"

    def _read(self) -> Iterator[Metric]:
        partitions, ends = self._runtime.partitions, self._runtime.ends
        tally = partitions.tally()
        yield from engine_metrics(tally.counts, tally.errors, partitions.found)
        yield counter("records", "Records taken from the log; each holds one event or several.", partitions.records)
        yield counter("foreign_events", "Events sent on to the partition of their PBX.", partitions.foreign)
        yield dead_letters(partitions.dead_letters)
        positions = partitions.positions()
        lag = {str(at): max(ends.get(at, next_) - next_, 0) for at, next_ in positions.items()}
        yield gauges("lag_records", "Records of the log that wait to be processed.", "partition", lag)
        yield gauge("partitions", "Partitions this worker has.", len(positions))
        yield journal_up(not partitions.database_away)
        if self._runtime.started:
            yield from checkpoint_metrics(self._runtime.checkpoints, time.monotonic() - partitions.saved_at)
