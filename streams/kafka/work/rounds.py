"""Everything a worker does but taking records: checkpoints, ticks, and watching that all goes on."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

import structlog

from detector.contract.codec import Rejected
from detector.enrich.premises import Tables
from streams.config.installation import Installation, core_settings
from streams.config.kafka_settings import Kafka
from streams.kafka import connecting
from streams.kafka.admin import Admin, TopicLayout
from streams.kafka.connecting import AskError
from streams.kafka.seal import Seals
from streams.kafka.sighting_seal import Sightings, nothing
from streams.kafka.topiclog import TopicLog
from streams.kafka.work.judge import Judge
from streams.kafka.work.log_checkpoints import LogChangedError, LogCheckpoints
from streams.kafka.work.outlet import LogPlace, Outlet
from streams.kafka.work.partitions import Partitions
from streams.kafka.work.watchdog import Heartbeat, WorkProgress
from streams.runtime.clock import micros_now
from streams.runtime.garbage import spare
from streams.runtime.partition import Partition
from streams.runtime.tables import tables
from streams.store.database import open_engine
from streams.store.keys import shared_vault
from streams.store.list_copies import ListCopies
from streams.store.migrate import migrate
from streams.store.store_errors import UnavailableError

LOOK_EVERY = 1.0
LOOK_WITHIN = 10.0
LOOKS = 60
MISSED = 3
START_WITHIN = 15.0

log = structlog.get_logger(__name__)
End = Callable[[BaseException], object]


class NoTopicError(AskError):
    """There is no topic of this name."""


class GapError(RuntimeError):
    """Records that stand in the log did not come."""


@contextmanager
def fatal(end: End) -> Iterator[None]:
    """What goes wrong here ends the process."""
    try:
        yield
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        end(error)
        raise


class Runtime:
    """A worker around Faust's app: started before it, stopped after it.

    `end` ends the process at once, with nothing acknowledged. Build it in a running event loop.
    """

    def __init__(self, settings: Installation, kafka: Kafka, database: str, end: End) -> None:
        self._core = core_settings(settings)
        self._kafka = kafka
        self._end = end
        arguments = connecting.arguments(kafka)
        self._topic = f"{kafka.prefix}.events"
        self._admin = Admin(kafka)
        self._log = TopicLog(kafka, self._topic)
        key = shared_vault(settings.data)
        seals = Seals(key)
        self._outlet = Outlet(arguments, kafka.prefix, self._partition_of, seals)
        self._database = open_engine(database)
        self._settings = settings
        self._tables: Tables
        self.checkpoints: LogCheckpoints
        self._identity = ""
        self._missed = 0
        self.progress = WorkProgress(LOOKS)
        self.looked_at = time.monotonic()
        self.ends: dict[int, int] = {}
        self.started = False
        self._heartbeat = Heartbeat(LOOK_EVERY, LOOKS, end)
        self._loops: list[asyncio.Task[None]] = []
        judge = Judge(self._partition_of, seals.sealed, self._topic)
        seen = Sightings(key).of if settings.fleet.enabled else nothing
        self.partitions = Partitions(self._topic, self._made, judge, self._outlet, self._look_into_hole, seen)

    async def start(self) -> None:
        """Connect to Kafka and the database, and find out which log this is."""
        await asyncio.gather(
            self._log.start(), self._outlet.start(), asyncio.to_thread(migrate, self._database, "stream")
        )
        self._tables = await asyncio.to_thread(tables, self._settings, ListCopies(self._database))
        self._identity = await self._known_log()
        self.checkpoints = LogCheckpoints(self._database, self._identity)
        await asyncio.to_thread(self.checkpoints.verify)
        spare()
        self._heartbeat.start()
        for every, work in ((self._kafka.checkpoint, self.partitions.checkpoint), (LOOK_EVERY, self._look)):
            self._loops.append(asyncio.create_task(self._again(every, work)))
        self.looked_at = self.partitions.saved_at = time.monotonic()
        self.started = True

    async def stop(self) -> None:
        """Close everything; the partitions were given up before."""
        self._heartbeat.stop()
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._outlet.stop()
        await self._log.stop()
        self._admin.close()
        self._database.dispose()

    def _made(self, number: int) -> Partition:
        return Partition(self._core, self._tables, self.checkpoints, number)

    def _partition_of(self, pbx: str) -> int:
        return connecting.partition_of(pbx, self._kafka.partitions)

    async def _again(self, every: float, work: Callable[[], Awaitable[None]]) -> None:
        with fatal(self._end):
            while True:
                await asyncio.sleep(every)
                await work()

    # --- the log

    async def _known_log(self) -> str:
        """Its id; a topic that was just made is not known everywhere at once."""
        until = time.monotonic() + START_WITHIN
        while True:
            try:
                layout = await self._layout()
            except AskError as error:
                if time.monotonic() > until:
                    raise
                log.warning("asking again for the topic", error=str(error))
                await asyncio.sleep(LOOK_EVERY)
            else:
                break
        if layout.partitions != self._kafka.partitions:
            raise LogChangedError(
                f"topic {self._topic} has {layout.partitions} partitions, "
                f"the configuration says {self._kafka.partitions}"
            )
        return layout.identity

    async def _layout(self) -> TopicLayout:
        """Raises `NoTopicError`, and `AskError` when nobody can say."""
        layout = (await self._admin.describe([self._topic])).get(self._topic)
        if layout is None:
            raise NoTopicError(f"there is no topic {self._topic}; ringfence topics makes it")
        return layout

    async def _look(self) -> None:
        """Where the log ends, whether it is still the same, whether we get on, and what time it is."""
        self._heartbeat.beat()
        positions = self.partitions.positions()
        try:
            async with asyncio.timeout(LOOK_WITHIN):
                await self._same_log()
                ends = await self._log.ends(positions or range(self._kafka.partitions))
                told = positions or await self._of_all()
        except (AskError, TimeoutError) as error:
            log.warning("Kafka cannot be asked", error=f"{type(error).__name__}: {error}")
            return
        self._check_ends(positions, ends)
        if self.partitions.database_away:
            self.progress.excuse()
        self.progress.look(told, ends)
        self.ends, self.looked_at = ends, time.monotonic()
        await self.partitions.tick(micros_now(), ends)

    def _check_ends(self, positions: Mapping[int, int], ends: Mapping[int, int]) -> None:
        for partition, position in positions.items():
            if ends[partition] < position:
                raise LogChangedError(
                    f"partition {partition} of {self._topic} ends at {ends[partition]}, but {position} was reached: "
                    "its end was lost, or the topic was made anew"
                )

    async def _of_all(self) -> dict[int, int]:
        """How far the others are: nobody gives us anything, so we must know whether somebody else is at work."""
        try:
            saved = await asyncio.to_thread(self.checkpoints.offsets)
        except UnavailableError:
            return {}
        beginnings = await self._log.beginnings(range(self._kafka.partitions))
        return {partition: max(saved.get(partition, 0), beginning) for partition, beginning in beginnings.items()}

    async def _same_log(self) -> None:
        try:
            layout = await self._layout()
        except NoTopicError as error:
            self._missed += 1
            if self._missed < MISSED:
                raise
            raise LogChangedError(str(error)) from None
        self._missed = 0
        if layout.identity != self._identity:
            raise LogChangedError(
                f"topic {self._topic} was deleted and made anew: memory and log do not belong together"
            )

    async def _look_into_hole(self, partition: int, expected: int, came: int) -> None:
        """Records are missing in what came: see whether they are missing in the log, too. Raises `GapError`."""
        beginning = (await self._log.beginnings([partition]))[partition]
        if beginning > expected:
            lost = (
                f"records {expected} to {beginning - 1} were cut off by the log's retention before they were processed"
            )
            log.error(lost, partition=partition)
            await self._outlet.bury([Rejected(reason=lost)], LogPlace(self._topic, partition, expected))
            expected = beginning
        first = await self._log.first_from(partition, expected) if came > expected else expected
        if first != came:
            raise GapError(
                f"partition {partition}: record {came} came, but {first} stands at or after {expected}. "
                "If the database is an older copy, set the group's offsets back to its checkpoints"
            )
