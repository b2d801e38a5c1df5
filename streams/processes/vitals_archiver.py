"""How `ringfence archive follow` is doing."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from streams.kafka.read.follower import Follower
from streams.observe.families import counter, gauge
from streams.processes.vitals_parts import archive_up


class FollowVitals:
    """Reads what the follower keeps anyway."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    async def metrics(self) -> list[Metric]:
        """How far it is."""
        of = self._follower
        return [
            archive_up(of.available),
            counter("archive_records", "Records of the log that were archived.", of.records),
            counter("archive_lost_records", "Records that Kafka cut before they were archived.", of.lost),
            gauge("archive_waiting_records", "Records of our partitions that are not in the archive yet.", of.waiting),
            gauge("partitions", "Partitions of the log that this process has.", of.partitions),
        ]

    def ailments(self) -> Iterator[str]:
        """Why nothing is archived."""
        if not self._follower.available:
            yield "the archive cannot be written; events wait in Kafka"
        if not self._follower.connected:
            yield "Kafka cannot be reached"
