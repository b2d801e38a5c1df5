"""The beginning of the log in Kafka: what `put` has returned for is on the brokers or on our disk, and not lost."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import msgspec
import structlog

from detector.contract.codec import Codec, Rejected, encode_finding, reject
from detector.contract.events import EVERY_PBX, AnyEvent, Control
from detector.contract.findings import Action
from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import key_of, partition_of
from streams.kafka.seal import Seals
from streams.kafka.write.folding import Attempt, folded
from streams.kafka.write.items import Item, Receipt
from streams.kafka.write.lane import HELD, Disk, PartitionLane
from streams.kafka.write.link import STOP, Link
from streams.kafka.write.spool import Entry, Spool
from streams.runtime.admission import Admission, TurnedAway
from streams.runtime.clock import utc_now
from streams.store.vault import Vault

MIB = 1024 * 1024
DEAD = "dead"
FOUND = "found-"
ALL = "control"
OTHERS = {DEAD: "dead-letters", ALL: "control"}

log = structlog.get_logger(__name__)
T = TypeVar("T")
P = ParamSpec("P")


class KafkaIngest:
    """Takes events from sources to the topic of events, and what cannot be read to the dead letters.

    Use it as a context. `put` returns when the brokers have the events or, where they do not take them within a second,
    when they are on disk in `folder`; it waits while that is full. Per PBX the order is that of the calls. Events put
    again after an error have the same ids and change nothing. Raises `SpoolError` at the start, RuntimeError from `put`
    once it is stopping, and the error that a lane ended with.
    """

    def __init__(self, kafka: Kafka, vault: Vault, folder: Path) -> None:
        self._kafka = kafka
        self._folder = folder
        self._link = Link(kafka, Seals(vault))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._admission = Admission()
        self._lanes: dict[str, PartitionLane] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._receipts: set[Receipt] = set()
        self._stopping = False
        self._broken: asyncio.Queue[BaseException] = asyncio.Queue()
        self.dead_letters = 0

    async def __aenter__(self) -> Self:
        spool = await self._in_thread(Spool, self._folder, self._kafka.partitions, self._kafka.spool * MIB)
        self._disk = Disk(spool, self._thread)
        await self._in_thread(self._fold_what_was_held)
        self._linking = asyncio.create_task(self._link.run(), name="kafka")
        for name in spool.lanes():
            self._lane(name).resume()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:  # fmt: skip
        """What was put becomes durable first; what is on disk stays there for the next start."""
        self._stopping = True
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP):
                for lane in self._lanes.values():
                    await lane.end()
                await asyncio.gather(*self._running.values(), return_exceptions=True)
        for task in self._running.values():
            task.cancel()
        for lane in self._lanes.values():
            await lane.stop()
        self._linking.cancel()
        await asyncio.gather(*self._running.values(), self._linking, return_exceptions=True)
        await self._disk.do(self._disk.spool.close)
        self._thread.shutdown()

    async def put(self, events: Sequence[AnyEvent]) -> None:
        """Make events of a source durable. Control events are refused: they are ours."""
        await self._put(events, trusted=False)

    async def put_control(self, events: Sequence[Control]) -> None:
        """Make control events of our own durable, under our seal.

        One for every PBX goes into every partition, and once into the topic that all may read.
        """
        await self._put(events, trusted=True)

    async def publish(self, findings: Sequence[Action]) -> None:
        """Make findings of our own durable, under our seal, for everybody who reads findings."""
        await self._deliver([
            (f"{FOUND}{partition_of(one.pbx, self._kafka.partitions)}", Item(one.pbx, encode_finding(one), sealed=True))
            for one in findings
        ])  # fmt: skip

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        """Keep what could not be read, with the reason."""
        letter = {"at": utc_now(), "source": source, "pbx": pbx, **msgspec.structs.asdict(rejected)}
        self.dead_letters += 1
        await self._deliver([(DEAD, Item(pbx or source, msgspec.json.encode(letter)))])

    async def watch(self) -> None:
        """Until a lane has ended with an error, which is raised: from then on nothing can be put."""
        raise await self._broken.get()

    @property
    def connected(self) -> bool:
        """Whether brokers can be reached."""
        return self._link.session is not None

    @property
    def behind(self) -> bool:
        """Whether events wait on disk for Kafka, as they do before a lost connection is noticed."""
        return any(lane.behind for lane in self._lanes.values())

    @property
    def spooled(self) -> int:
        """Bytes that wait on disk for Kafka."""
        return self._disk.spool.size

    # --- from events to items

    async def _put(self, events: Sequence[AnyEvent], *, trusted: bool) -> None:
        on_the_way: list[tuple[str, Item]] = []
        for event in events:
            judged = self._admission.judge(event, trusted=trusted)
            if isinstance(judged, TurnedAway):
                await self.reject(judged.rejected, judged.source, judged.pbx)
                continue
            item = Item(event.pbx, judged.raw, event, sealed=trusted)
            on_the_way += [(lane, item) for lane in self._lanes_of(event, trusted=trusted)]
        await self._deliver(on_the_way)

    def _lanes_of(self, event: AnyEvent, *, trusted: bool) -> Sequence[str]:
        if trusted and event.pbx == EVERY_PBX:
            return [ALL, *(str(partition) for partition in range(self._kafka.partitions))]
        return [str(partition_of(event.pbx, self._kafka.partitions))]

    async def _deliver(self, items: Sequence[tuple[str, Item]]) -> None:
        """Through their lanes; returns when all are durable, raises what made a lane end."""
        if self._stopping:
            raise RuntimeError("the service is stopping")
        if not items:
            return
        receipt = Receipt(len(items))
        self._receipts.add(receipt)
        try:
            for name, item in items:
                await self._lane(name).put(msgspec.structs.replace(item, receipts=(receipt,)))
            await receipt.done
        finally:
            self._receipts.discard(receipt)

    def _ended(self, running: "asyncio.Task[None]") -> None:
        """A lane that broke, or was stopped in the middle: nobody waits for ever."""
        error = None if running.cancelled() else running.exception()
        if error is not None:
            self._stopping = True
            self._broken.put_nowait(error)
        if error is not None or running.cancelled():
            for receipt in self._receipts:
                receipt.fail(error or RuntimeError("the service is stopping"))

    # --- lanes

    def _lane(self, name: str) -> PartitionLane:
        lane = self._lanes.get(name)
        if lane is None:
            topic, number = place_of(name)
            lost = self._lost if name != DEAD else self._forgotten
            lane = PartitionLane(name, f"{self._kafka.prefix}.{topic}", number, self._link, self._disk, lost)
            self._lanes[name] = lane
            self._running[name] = asyncio.create_task(lane.run(), name=f"lane {name}")
            self._running[name].add_done_callback(self._ended)
        return lane

    async def _lost(self, entry: Entry, error: BaseException) -> None:
        """No broker will ever take this record: it is a dead letter, and nobody waits for it."""
        log.error("Kafka refuses a record", bytes=len(entry.value), error=str(error)[:300])
        rejected = reject(f"refused by Kafka: {error}", entry.value)
        await self.reject(rejected, "kafka", entry.key.decode("utf-8", "backslashreplace"))

    async def _forgotten(self, entry: Entry, error: BaseException) -> None:
        log.error("Kafka refuses a dead letter", bytes=len(entry.value), error=str(error)[:300])

    def _fold_what_was_held(self) -> None:
        """What a crash has left of floods becomes what it would have become, with the same ids."""
        spool, codec = self._disk.spool, Codec()
        for held in [name for name in spool.lanes() if name.startswith(HELD)]:
            while chunk := spool.first(held):
                read = [one for entry in chunk.entries for one in codec.decode(entry.value)]
                events = folded(one for one in read if isinstance(one, Attempt))
                moved = [Entry(key_of(event.pbx), codec.encode(event)) for event in events]
                spool.replace(chunk, held.removeprefix(HELD), moved)

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)


def place_of(lane: str) -> tuple[str, int]:
    """Topic and partition that a lane leads to."""
    if lane in OTHERS:
        return OTHERS[lane], 0
    return ("findings" if lane.startswith(FOUND) else "events"), int(lane.removeprefix(FOUND))
