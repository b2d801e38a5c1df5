"""The logs and call records that a PBX writes into files, followed as they grow, each line taken in once."""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from glob import glob, has_magic
from itertools import islice
from pathlib import PurePosixPath
from typing import TypeVar

import msgspec
import structlog

from detector.contract.codec import Rejected
from detector.formats import Format, FormatOptions, formats
from streams.config.sources.followed_settings import FollowedFiles
from streams.runtime.clock import micros_now, utc_now
from streams.runtime.ingest import Delivery, PlacedIngest, Reading, SourceStatus, received
from streams.sources.braiding import braid
from streams.sources.file_place import Taken, decode_taken
from streams.sources.log_file import LogLine
from streams.sources.rotated import is_aside
from streams.sources.tail import Tail

BATCH = 500
BEGINNING = datetime.min.replace(tzinfo=UTC)
MOST_FILES = 256

log = structlog.get_logger()
T = TypeVar("T")


class FileSource:
    """Follows files of one format; `run` ends only when it is cancelled.

    Seconds: `pace` between looks, `quiet` until what was held back is told, `pause` before what cannot be read is tried
    again. A batch and how far it goes become durable in one write. After a start the reader is first shown once more
    what stood before, for what it must remember, and nothing of that is told again.
    """

    def __init__(
        self,
        files: FollowedFiles,
        options: FormatOptions,
        ingest: PlacedIngest,
        *,
        pace: float = 0.5,
        quiet: float = 5.0,
        pause: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.status = SourceStatus(files.format.value, options.pbx)
        self._files = files
        self._kind = formats()[files.format.value]
        self._options = dataclasses.replace(options, year=utc_now().year)
        self._ingest = ingest
        self._name = f"files/{options.pbx}/{files.format.value}"
        self._delivery = Delivery(ingest, self.status)
        self._pace, self._quiet, self._pause = pace, quiet, pause
        self._clock = clock
        self._tails: dict[str, Tail] = {}
        self._readers: dict[str, Format] = {}
        self._known: frozenset[str] = frozenset()
        self._settled = False
        self._read_at = clock()

    async def run(self) -> None:
        """Follow until cancelled, whatever becomes of the files."""
        taken = decode_taken(await self._ingest.place(self._name))
        try:
            await self._insist(partial(self._begin, taken))
            await self._deliver(self._said())
            while True:
                await self._insist(self._look)
                await self._round()
                await asyncio.sleep(self._pace)
        finally:
            for tail in self._tails.values():
                tail.close()

    async def _insist(self, work: Callable[[], None]) -> None:
        """Work on files in a thread, until they let us."""
        while True:
            try:
                return await in_thread(work)
            except OSError as error:
                self.status.connected = False
                self._trouble(str(error))
                await asyncio.sleep(self._pause)

    # --- in a thread

    def _begin(self, taken: Taken | None) -> None:
        """Be where we were, or at the end of what is there; the readers know again what they knew."""
        for tail in self._tails.values():
            tail.close()
        self._tails, self._readers, now = {}, {}, self._clock()
        self._known = frozenset(taken.patterns if taken is not None else ())
        places = taken.places if taken is not None else ()
        for path in dict.fromkeys(one.path for one in places):
            if any(PurePosixPath(path).match(pattern) for pattern in self._files.paths):
                self._tail(path).resume([one for one in places if one.path == path], now)
        self._find_files()
        self._known = frozenset(self._files.paths)
        for line in self._merged(Tail.context):
            for _ in self._reader(line).read_dated(line.content, line.moment):
                pass
        self._settled = taken is None or taken.settled
        if self._settled:
            self._settle()
        for reader in self._readers.values():
            reader.unread.take()

    def _find_files(self) -> None:
        """Follow files that have come to be; what a pattern finds that was there before us, from its end."""
        for pattern in self._files.paths:
            for path in matching(pattern):
                if path not in self._tails and len(self._tails) < MOST_FILES:
                    self._tail(path).begin(at_end=pattern not in self._known)

    def _look(self) -> None:
        now = self._clock()
        for tail in self._tails.values():
            tail.look(now)
        self._find_files()

    def _read(self, lines: Iterator[LogLine]) -> tuple[list[Reading], int]:
        """What the next lines tell, and how many they were; where a file cannot be read, those before it."""
        found: list[Reading] = []
        count = 0
        try:
            for line in islice(lines, BATCH):
                count += 1
                read = self._reader(line).read_dated(line.content, line.moment)
                found += [received(each, utc_now()) for each in read]
                line.file.taken = line.place
        except OSError as error:
            self._trouble(str(error))
            for tail in self._tails.values():
                tail.back()
        return found, count

    def _settle(self) -> list[Reading]:
        """What was held back of logs, which have fallen silent; half a record of a table still waits."""
        if not self._kind.by_line:
            return []
        return [received(each, utc_now()) for reader in self._readers.values() for each in reader.close()]

    def _merged(self, lines: Callable[[Tail], Iterator[LogLine]]) -> Iterator[LogLine]:
        """The lines of all files in the order of time, as far as they tell it."""

        def strand(tail: Tail) -> Iterator[tuple[datetime | None, LogLine]]:
            return ((line.moment, line) for line in lines(tail))

        tails = list(self._tails.values())
        return braid([partial(strand, tail) for tail in tails], [BEGINNING] * len(tails))

    # --- in the loop

    async def _round(self) -> None:
        """All that is new, batch by batch, as fast as the log takes it."""
        self._say()
        lines = self._merged(partial(Tail.lines, now=self._clock()))
        count = 1
        while count:
            found, count = await in_thread(partial(self._read, lines))
            if count:
                self._settled, self._read_at = False, self._clock()
            found += self._said()
            if count or found:
                await self._deliver(found)
        if not self._settled and self._clock() - self._read_at > self._quiet:
            self._settled = True
            await self._deliver(await in_thread(self._settle))

    async def _deliver(self, found: Sequence[Reading]) -> None:
        for reader in self._readers.values():
            self.status.note_unread(reader.unread)
        places = tuple(place for tail in self._tails.values() for place in tail.places)
        taken = Taken(patterns=self._files.paths, places=places, settled=self._settled)
        put = partial(self._ingest.put_placed, name=self._name, place=msgspec.json.encode(taken))
        await self._delivery.hand_over(found, put)

    def _said(self) -> list[Reading]:
        """What is lost of the files, for the dead letters."""
        said: list[Reading] = [Rejected(reason=loss) for tail in self._tails.values() for loss in tail.losses]
        for tail in self._tails.values():
            tail.losses = []
        return said

    def _say(self) -> None:
        """How the files are doing: one that can be read is a sign of life, whatever is written to it."""
        problems = [tail.problem for tail in self._tails.values() if tail.problem is not None]
        if not self._tails:
            problems = [f"no file is {pattern}" for pattern in self._files.paths]
        connected = any(tail.files for tail in self._tails.values())
        if connected and not self.status.connected:
            self.status.connects += 1
            log.info("following", source=self.status.name, pbx=self.status.pbx, files=sorted(self._tails))
        self.status.connected = connected
        if problems:
            self._trouble("; ".join(problems))
        else:
            self.status.problem, self.status.heard_at = None, micros_now()

    def _trouble(self, problem: str) -> None:
        if problem != self.status.problem:
            log.warning("a file cannot be followed", source=self.status.name, pbx=self.status.pbx, problem=problem)
        self.status.problem = problem

    def _tail(self, path: str) -> Tail:
        clock = self._time_teller if self._kind.by_line else None
        return self._tails.setdefault(path, Tail(path, self._kind.max_line, clock))

    def _time_teller(self, year: int) -> Format:
        return self._kind(dataclasses.replace(self._options, year=year))

    def _reader(self, line: LogLine) -> Format:
        """Of logs one reads all, for one may tell of what another tells more of; of other files each has its own."""
        whose = "" if self._kind.by_line else line.place.path
        reader = self._readers.get(whose)
        if reader is None:
            reader = self._readers[whose] = self._kind(self._options)
        return reader


def matching(pattern: str) -> list[str]:
    """A path, or what a pattern finds, without what another of its files has become."""
    if not has_magic(pattern):
        return [pattern]
    found = sorted(glob(pattern))
    return [one for one in found if not one.endswith(".gz") and not any(is_aside(one, other) for other in found)]


async def in_thread(work: Callable[[], T]) -> T:
    """Work on files beside the loop; what has begun is finished before they are closed."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    finally:
        await asyncio.wait([working])
