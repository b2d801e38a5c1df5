"""How a process of the Kafka runtime that shares the journal is doing: `gateway`, `serve`."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.metrics_core import Metric

from streams.kafka.read.backlog import Backlog
from streams.kafka.write.producer import KafkaIngest
from streams.observe.families import gauge
from streams.processes.vitals_parts import JournalMetrics, dead_letters, source_metrics
from streams.runtime.ingest import SourceStatus
from streams.store.journal.journal import Journal


class ClusterVitals:
    """Reads what its parts keep anyway; `own` are figures of this kind of process, `ailments` why it does not work."""

    def __init__(
        self,
        journal: Journal,
        ingest: KafkaIngest,
        statuses: Callable[[], Iterable[SourceStatus]],
        own: Callable[[], Iterable[Metric]],
        ailments: Callable[[], Iterable[str]],
    ) -> None:
        self._journal = JournalMetrics(journal)
        self._ingest = ingest
        self._statuses = statuses
        self._own = own
        self.ailments = ailments

    async def metrics(self) -> list[Metric]:
        """The way into Kafka, sources, and what stands in the journal."""
        return [
            *ingest_metrics(self._ingest), *source_metrics(self._statuses()), *self._own(),
            *await self._journal.metrics(),
        ]  # fmt: skip


def ingest_metrics(ingest: KafkaIngest) -> Iterator[Metric]:
    """The way into Kafka."""
    yield gauge("kafka_connected", "1 if brokers can be reached to write events.", ingest.connected)
    yield gauge("spool_bytes", "Bytes on disk that wait for Kafka.", ingest.spooled)
    yield dead_letters(ingest.dead_letters)


def backlog_metrics(backlog: Backlog) -> Iterator[Metric]:
    """Of all workers together, seen from outside."""
    if backlog.waiting is not None:
        yield gauge("backlog_records", "Records of the log that stand behind no checkpoint yet.", backlog.waiting)
    yield gauge("workers_silent", "1 if records wait and no worker has saved anything for a while.",
                backlog.problem is not None)  # fmt: skip
