"""`ringfence archive follow`: fills and tidies the archive of a fleet on Kafka; it knows no secret of a PBX."""

import asyncio
from collections.abc import Callable
from functools import partial

from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.archive.store import Archive
from streams.archive.tidying import kept_by, tidy
from streams.config.installation import Installation, core_settings
from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import partition_of
from streams.kafka.read.follower import Follower
from streams.kafka.seal import Seals
from streams.kafka.work.judge import Judge
from streams.observe.observer import Observer
from streams.processes.supervise import ended, on_signal, start, until_stopped
from streams.processes.vitals_archiver import FollowVitals
from streams.store.keys import shared_vault


async def follow(settings: Installation, kafka: Kafka, archive: Archive, ready: Callable[[], None]) -> None:
    """Copy and tidy until a signal."""
    stop = asyncio.Event()
    on_signal(stop.set)
    sealed = Seals(shared_vault(settings.data)).sealed
    judge = Judge(partial(partition_of, partitions=kafka.partitions), sealed, f"{kafka.prefix}.events")
    follower = Follower(
        kafka, archive, lambda *record: judge.judge(*record).events, settings.archive.every
    )  # fmt: skip
    with Observer(settings.metrics, "archive", FollowVitals(follower)):
        following = start({"follower": follower.run(stop)})
        kept = kept_by(Policies(core_settings(settings), catalogue()))
        tidying = start({"archive tidy": tidy(archive, kept)})
        ready()
        try:
            await until_stopped(stop, [*following, *tidying])
        finally:
            stop.set()
            await ended(tidying, cancel=True)
            await ended(following)
