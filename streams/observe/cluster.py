"""How a process of the Kafka runtime that shares the journal is doing: `gateway`, `serve`."""

from collections.abc import Callable, Iterable

from prometheus_client.metrics_core import Metric

from streams.kafka.producer import KafkaIngest
from streams.observe.parts import JournalMetrics, ingest_metrics, source_metrics
from streams.sources.base import SourceStatus
from streams.store.journal import Journal


class ClusterVitals:
    """Reads what its parts keep anyway; `ailments` says why the process does not do its work."""

    def __init__(
        self,
        journal: Journal,
        ingest: KafkaIngest,
        statuses: Callable[[], Iterable[SourceStatus]],
        ailments: Callable[[], Iterable[str]],
    ) -> None:
        self._journal = JournalMetrics(journal)
        self._ingest = ingest
        self._statuses = statuses
        self.ailments = ailments

    async def metrics(self) -> list[Metric]:
        """The way into Kafka, sources, and what stands in the journal."""
        return [
            *ingest_metrics(self._ingest), *source_metrics(self._statuses()), *await self._journal.metrics(),
        ]  # fmt: skip
