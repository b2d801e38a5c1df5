"""The measurements; each takes events and gives one figure."""

import asyncio
import gc
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import UTC
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from detector.contract.codec import Codec, Rejected
from detector.contract.events import AnyEvent
from detector.engine.engine import Engine
from detector.enrich.addresses import AddressTable
from detector.enrich.ledger import Leg
from detector.enrich.premises import Tables
from detector.enrich.scores import Score
from detector.formats import FormatOptions, formats
from detector.memory.fields import Memory as PbxMemory
from models.calls import Calls
from models.places import Places
from models.unusual import Unusual
from streams.runtime.embedded import Embedded
from streams.runtime.garbage import spare
from streams.runtime.partition import Partition
from streams.store.checkpoints import SqlCheckpoints
from streams.store.database import open_engine
from streams.store.journal.journal import Journal
from streams.store.migrate import migrate
from streams.store.stream import StreamStore
from tests.bench.traffic import SETTINGS, START, newcomers


class Memory(NamedTuple):
    """Bytes for each extension or address with all its records, and milliseconds of a full garbage collection."""

    bytes_per_entity: float
    collection_ms: float


ON_THE_WIRE = 100
COMMITTED_TOGETHER = 20
BETWEEN_CHECKPOINTS = 10_000


def engine() -> Engine:
    """A new engine with all rules and models."""
    return Engine(SETTINGS, Tables(addresses=AddressTable()), Places(), Unusual())


def batches(events: Iterable[AnyEvent], size: int) -> Iterable[list[AnyEvent]]:
    """Lists of `size` events."""
    rest = iter(events)
    while batch := list(islice(rest, size)):
        yield batch


def decode(values: Sequence[bytes]) -> None:
    """The plain loop: msgspec, and nothing done with the events."""
    decoder = msgspec.json.Decoder(list[AnyEvent])
    for value in values:
        for _event in decoder.decode(value):
            pass


def detect(events: Sequence[AnyEvent]) -> None:
    """Events in, findings out."""
    process = engine().process
    for event in events:
        process(event)


def detect_from_bytes(values: Sequence[bytes]) -> None:
    """What stands on the wire in, findings out."""
    process, codec = engine().process, Codec()
    for value in values:
        for event in codec.decode(value):
            if not isinstance(event, Rejected):
                process(event)


def read_plainly(lines: Sequence[bytes]) -> None:
    """The plain loop: text out of bytes, and nothing done with it."""
    for line in lines:
        line.rstrip(b"\r\n").decode("utf-8", "replace")


def convert(lines: Sequence[bytes]) -> None:
    """What `ringfence convert` does with each line of a log: events, as JSON."""
    options = FormatOptions(pbx="hq", zone=UTC, year=START.year, keyed_hash=str)
    reader, encode = formats()["asterisk-log"](options), Codec().encode
    for line in lines:
        for record in reader.read(line):
            if not isinstance(record, Rejected):
                encode(record)


def rates(loops: dict[str, Callable[[], None]], events: int, rounds: int) -> dict[str, float]:
    """Events a second of each loop: the fastest of rounds in which all take their turn, for noise only slows down."""
    seconds = dict.fromkeys(loops, float("inf"))
    for _ in range(rounds):
        for name, loop in loops.items():
            began = time.perf_counter()
            loop()
            seconds[name] = min(seconds[name], time.perf_counter() - began)
    return {name: events / taken for name, taken in seconds.items()}


def checkpoint_bytes(events: Sequence[AnyEvent]) -> float:
    """Bytes of pages, keys included, that a checkpoint writes for one event."""
    measured, written = engine(), 0
    for batch in batches(events, BETWEEN_CHECKPOINTS):
        for event in batch:
            measured.process(event)
        written += sum(len(key.encode()) + len(value or b"") for key, value in measured.dirty_pages().items())
    return written / len(events)


class Timed(Calls):
    """The model of calls, that says how long it took."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.learned = 0

    def score(self, memory: PbxMemory, leg: Leg, season: int) -> Score:
        began = time.perf_counter()
        score = super().score(memory, leg, season)
        self.seconds += time.perf_counter() - began
        return score

    def learn(self, memory: PbxMemory, leg: Leg, season: int, score: Score) -> None:
        began = time.perf_counter()
        super().learn(memory, leg, season, score)
        self.seconds += time.perf_counter() - began
        self.learned += 1


def models(events: Sequence[AnyEvent], rounds: int) -> tuple[float, float]:
    """Microseconds to score and learn a call, and over all events; the fastest of rounds."""
    found = []
    for _ in range(rounds):
        timed, unusual = Timed(), Unusual()
        unusual.calls = timed
        process = Engine(SETTINGS, Tables(addresses=AddressTable()), Places(), unusual).process
        for event in events:
            process(event)
        found.append(timed)
    best = min(found, key=lambda timed: timed.seconds)
    return best.seconds / best.learned * 1e6, best.seconds / len(events) * 1e6


def memory(entities: int) -> Memory:
    """What a process that does nothing else comes to hold for so many, saved as it goes."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
        return apart.submit(_memory, entities).result()


def _memory(entities: int) -> Memory:
    measured = engine()
    detect(list(newcomers(1_000)))  # what is made once
    spare()
    before = resident()
    for batch in batches(newcomers(entities), BETWEEN_CHECKPOINTS):
        for event in batch:
            measured.process(event)
        measured.dirty_pages()
    del batch, event
    began = time.perf_counter()
    gc.collect()
    collection = time.perf_counter() - began
    return Memory((resident() - before) / entities, collection * 1_000)


def resident() -> int:
    """Bytes of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def embedded(events: Sequence[AnyEvent], folder: Path) -> float:
    """Events a second through the embedded runtime: log, findings and checkpoints durable, 20 events a commit."""
    return asyncio.run(_embedded(events, folder))


async def _embedded(events: Sequence[AnyEvent], folder: Path) -> float:
    stream, kept = open_engine(f"sqlite:///{folder}/stream.db"), open_engine(f"sqlite:///{folder}/journal.db")
    migrate(stream, "stream")
    migrate(kept, "journal")
    worker = Partition(SETTINGS, Tables(addresses=AddressTable()), SqlCheckpoints(stream))
    service = Embedded(worker, StreamStore(stream), Journal(kept))
    await service.recover()
    running = asyncio.create_task(service.run())
    began = time.perf_counter()
    for batch in batches(events, COMMITTED_TOGETHER):
        await service.put(batch)
    seconds = time.perf_counter() - began
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await service.close()
    stream.dispose()
    kept.dispose()
    return len(events) / seconds
