"""A log in memory that files are followed into, and that can die at any write."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent
from detector.formats import FormatOptions
from streams.config.sources.followed_settings import FollowedFiles, LogFormat
from streams.sources.file_place import decode_taken
from streams.sources.file_source import FileSource

DATA = Path(__file__).parents[2] / "data"
OPTIONS = FormatOptions(pbx="hq", zone=ZoneInfo("America/New_York"), year=None, keyed_hash=str)


class Killed(BaseException):
    """The process is no more."""


class Log:
    """What is durable: events, dead letters and places. `die_at` is the write at which it dies, behind it or before."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.letters: list[Rejected] = []
        self.places: dict[str, bytes] = {}
        self.writes = 0
        self.die_at: int | None = None
        self.dies_before = False
        self.taking = asyncio.Event()
        self.taking.set()

    @property
    def ids(self) -> list[str]:
        return [event.id for event in self.events]

    def settled(self) -> bool:
        """Whether all that was held back was told."""
        return any(b'"settled":true' in place for place in self.places.values())

    async def put(self, events: Sequence[AnyEvent]) -> None:
        raise AssertionError("what is followed comes with its place")

    async def place(self, name: str) -> bytes | None:
        return self.places.get(name)

    async def put_placed(self, events: Sequence[AnyEvent], name: str, place: bytes) -> None:
        await self.taking.wait()
        self.writes += 1
        if self.writes == self.die_at and self.dies_before:
            raise Killed
        self.events += events
        self.places[name] = place
        if self.writes == self.die_at:
            raise Killed

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        self.letters.append(rejected)


def source(log: Log, *paths: Path | str, form: str = "asterisk-log", quiet: float = 0.2) -> FileSource:
    files = FollowedFiles(format=LogFormat(form), paths=tuple(map(str, paths)))
    return FileSource(files, OPTIONS, log, pace=0.01, quiet=quiet, pause=0.05)


@asynccontextmanager
async def following(
    log: Log, *paths: Path | str, form: str = "asterisk-log", quiet: float = 0.2
) -> AsyncIterator[FileSource]:
    """Until the end, or the death of the log."""
    made = source(log, *paths, form=form, quiet=quiet)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError, Killed):
            await running


async def live(log: Log, path: Path, form: str = "asterisk-log") -> bool:
    """Follow a file until all that is in it was taken in and told; whether the log has died before."""
    running = asyncio.create_task(source(log, path, form=form).run())

    def done() -> bool:
        taken = decode_taken(next(iter(log.places.values()), None))
        return taken is not None and taken.settled and taken.places[-1].offset == path.stat().st_size

    await until(lambda: running.done() or done())
    died = running.done()
    running.cancel()
    with suppress(asyncio.CancelledError, Killed):
        await running
    return died


async def until(wanted: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not wanted():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.005)


async def begun(log: Log) -> None:
    """It is known where each file is followed from."""
    await until(lambda: log.places)


def append(path: Path, *lines: bytes) -> None:
    with path.open("ab") as opened:
        opened.write(b"".join(line + b"\n" for line in lines))


def refusal(second: int, account: str = "1001", *, text: bool = False) -> bytes:
    """A line of a refused registration: of the security log, or what `messages` says of the same one."""
    at = f"2026-11-23 {9 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    if text:
        return (
            f"[{at}] NOTICE[1] chan_sip.c: Registration from '<sip:{account}@pbx>' failed for '203.0.113.9:5060' - "
            "Wrong password"
        ).encode()
    return (
        f'[{at}] SECURITY[1] res_security_log.c: SecurityEvent="InvalidPassword",EventTV="{at.replace(" ", "T")}.000'
        f'-0500",Severity="Error",Service="SIP",EventVersion="2",AccountID="{account}",SessionID="0x{second:x}",'
        'LocalAddress="IPV4/UDP/192.0.2.10/5060",RemoteAddress="IPV4/UDP/203.0.113.9/5060"'
    ).encode()


def accounts(log: Log) -> list[str]:
    return [str(getattr(event, "account", None)) for event in log.events]
