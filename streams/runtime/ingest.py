"""What every source shares: the log it hands over to, and how it is doing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Protocol, TypeVar

import msgspec
import structlog
from msgspec import Meta, Struct

from detector.contract.codec import Rejected, excerpt_of, to_micros
from detector.contract.events import AnyEvent, Control, Unknown
from detector.formats.unread import UnreadLines
from streams.runtime.backoff import Backoff

log = structlog.get_logger()
T = TypeVar("T")

Reading = AnyEvent | Rejected
Put = Callable[[Sequence[AnyEvent]], Awaitable[None]]
PutControl = Callable[[Sequence[Control]], Awaitable[None]]
"""Writes what the core reads besides events into the log; durable when it returns."""
Micros = Annotated[int, Meta(ge=0, lt=253_402_300_800_000_000)]
"""Microseconds since 1970, until the year 9999."""


class Ingest(Protocol):
    """The beginning of the log."""

    async def put(self, events: Sequence[AnyEvent]) -> None:
        """Returns once the events are durable; may take its time when the log is behind."""

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        """Keeps what nobody can use in the dead letter; returns once it is durable."""


class PlacedIngest(Ingest, Protocol):
    """A log that keeps how far sources which could be read again have been taken in, by their names."""

    async def place(self, name: str) -> bytes | None:
        """How far that was, None if it is not known."""

    async def put_placed(self, events: Sequence[AnyEvent], name: str, place: bytes) -> None:
        """As `put`, and keeps `place` once the events are durable, not before; events may be none."""


class SourceStatus(Struct, omit_defaults=True):
    """How one source of a PBX is doing: its source writes here, everybody else reads copies.

    `problem` is what is wrong now, for people; `connects` how often it came up; `events` and `rejected` what it has
    handed over since it began, `unread` how many messages it did not understand. Of the last one that was unread or
    rejected `unread_reason` says why, and of one that was unread `unread_sample` shows the beginning. `heard_at` is
    when it last showed a sign of life: a message, the answer to a heartbeat, a poll that succeeded. One that is
    `pushed` to us shows none while nothing happens. `gap` says of the last time that it was not heard what is lost.
    """

    name: str
    pbx: str = ""
    connected: bool = False
    last_event_at: Micros | None = None
    problem: str | None = None
    connects: int = 0
    events: int = 0
    rejected: int = 0
    unread: int = 0
    unread_reason: str = ""
    unread_sample: str = ""
    heard_at: Micros | None = None
    pushed: bool = False
    gap: str = ""

    def note_unread(self, lines: UnreadLines) -> None:
        """Count what its reader has noted since the last time."""
        for reason, count in (taken := lines.take()).counts.items():
            self.unread += count
            self.unread_reason, self.unread_sample = reason, excerpt_of(taken.samples[reason])

    def note_rejected(self, rejected: Sequence[Rejected]) -> None:
        """Count what went to the dead letters, where it can be looked at."""
        self.rejected += len(rejected)
        if rejected:
            self.unread_reason, self.unread_sample = rejected[-1].reason, ""


def stamped(event: AnyEvent, source: str) -> AnyEvent:
    """The event with the name of the source it came by."""
    return msgspec.structs.replace(event, source=source)


def received(found: AnyEvent | Unknown | Rejected, moment: datetime) -> Reading:
    """What a reader of a format has found, with when it came."""
    if isinstance(found, Rejected):
        return found
    assert not isinstance(found, Unknown), "a kind of event that nobody knows comes in our own words only"
    return msgspec.structs.replace(found, received_at=moment)


class Delivery:
    """Hands what a source has read to the log, and holds on to it until the log has taken it.

    `pause` and `longest` bound the wait, in seconds, before the log is tried again.
    """

    def __init__(self, ingest: Ingest, status: SourceStatus, *, pause: float = 0.5, longest: float = 30.0) -> None:
        self.status = status
        self._ingest = ingest
        self._pause = pause
        self._longest = longest

    async def hand_over(self, found: Sequence[Reading], put: Put | None = None) -> list[AnyEvent]:
        """Returns the events once all is durable; only a cancellation ends it before.

        `put` is asked instead of the log to take the events, even if there are none: behind what could not be read,
        which a source that goes on from there would not show again.
        """
        source = self.status.name
        events = [stamped(each, source) for each in found if not isinstance(each, Rejected)]
        rejected = [each for each in found if isinstance(each, Rejected)]
        if put is None:
            await self._insist(self._ingest.put, events)
        for each in rejected:
            await self._insist(self._bury, [each])
        if put is not None:
            await self._insist(put, events, even_none=True)
        self.status.events += len(events)
        self.status.note_rejected(rejected)
        if events:
            self.status.last_event_at = to_micros(max(event.received_at or event.at for event in events))
        return events

    async def _bury(self, rejected: Sequence[Rejected]) -> None:
        for each in rejected:
            await self._ingest.reject(each, self.status.name, self.status.pbx)

    async def _insist(self, take: Callable[[Sequence[T]], Awaitable[None]], found: Sequence[T],
                      even_none: bool = False) -> None:  # fmt: skip
        wait = Backoff(self._pause, self._longest)
        while found or even_none:
            try:
                await take(found)
            except Exception as error:
                self.status.problem = f"the log takes nothing: {type(error).__name__}"
                log.error(self.status.problem, source=self.status.name, pbx=self.status.pbx)
                await asyncio.sleep(wait.next())
            else:
                return
