"""`ringfence archive follow`: fills and tidies the archive of a fleet on Kafka; it knows no secret of a PBX."""

import asyncio
from collections.abc import Iterator
from functools import partial

from prometheus_client.metrics_core import Metric

from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.archive.store import Archive
from streams.archive.tidying import kept_by, tidy
from streams.cli.support.failures import WRONG_USAGE, err, fail
from streams.config.installation import Installation, core_settings
from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import partition_of
from streams.kafka.read.follower import Follower
from streams.kafka.seal import Seals
from streams.kafka.work.judge import Judge
from streams.observe.families import counter, gauge
from streams.observe.observer import Observer
from streams.processes.serving import on_signal
from streams.processes.supervise import ended, until_stopped
from streams.processes.vitals_parts import archive_up
from streams.store.keys import shared_vault


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


def run_follow(settings: Installation) -> None:
    """Work until SIGTERM or SIGINT."""
    kafka, url = settings.kafka, settings.archive.url
    if kafka is None:
        fail(
            "archive follow needs Kafka: name it under `kafka`; without it ringfence run fills the archive", WRONG_USAGE
        )
    if url is None:
        fail("where to? name a place under `archive: {url: ...}`", WRONG_USAGE)
    asyncio.run(follow(settings, kafka, Archive(url)))


async def follow(settings: Installation, kafka: Kafka, archive: Archive) -> None:
    """Copy and tidy until a signal."""
    stop = asyncio.Event()
    on_signal(stop.set)
    judge = Judge(partial(partition_of, partitions=kafka.partitions), Seals(shared_vault(settings.data)).sealed)
    follower = Follower(
        kafka, archive, lambda *record: judge.judge(*record).events, settings.archive.every
    )  # fmt: skip
    with Observer(settings.metrics, "archive", FollowVitals(follower)):
        following = asyncio.create_task(follower.run(stop), name="follower")
        tidying = asyncio.create_task(
            tidy(archive, kept_by(Policies(core_settings(settings), catalogue()))), name="archive tidy"
        )
        err.print(f"Ringfence archives {kafka.prefix}.events in {archive.files.url}")
        try:
            await until_stopped(stop, [following, tidying])
        finally:
            stop.set()
            await ended([tidying], cancel=True)
            await ended([following])
