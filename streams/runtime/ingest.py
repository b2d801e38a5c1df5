"""What every source shares: the log it hands over to, and how it is doing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Protocol

import msgspec
import structlog
from msgspec import Meta, Struct

from detector.contract.codec import Rejected, excerpt_of, to_micros
from detector.contract.events import AnyEvent, Control
from detector.formats.unread import UnreadLines
from streams.runtime.backoff import Backoff

log = structlog.get_logger()

Reading = AnyEvent | Rejected
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


class Delivery:
    """Hands what a source has read to the log, and holds on to it until the log has taken it.

    `pause` and `longest` bound the wait, in seconds, before the log is tried again.
    """

    def __init__(self, ingest: Ingest, status: SourceStatus, *, pause: float = 0.5, longest: float = 30.0) -> None:
        self.status = status
        self._ingest = ingest
        self._pause = pause
        self._longest = longest

    async def hand_over(self, found: Sequence[Reading]) -> list[AnyEvent]:
        """Returns the events once all is durable; only a cancellation ends it before."""
        source = self.status.name
        events = [stamped(each, source) for each in found if not isinstance(each, Rejected)]
        rejected = [each for each in found if isinstance(each, Rejected)]
        await self._insist(events, rejected)
        self.status.events += len(events)
        self.status.note_rejected(rejected)
        if events:
            self.status.last_event_at = to_micros(max(event.received_at or event.at for event in events))
        return events

    async def _insist(self, events: list[AnyEvent], rejected: list[Rejected]) -> None:
        wait = Backoff(self._pause, self._longest)
        while True:
            try:
                if events:
                    await self._ingest.put(events)
                    events = []
                while rejected:
                    await self._ingest.reject(rejected[0], self.status.name, self.status.pbx)
                    rejected = rejected[1:]
            except Exception as error:
                self.status.problem = f"the log takes nothing: {type(error).__name__}"
                log.error(self.status.problem, source=self.status.name, pbx=self.status.pbx)
                await asyncio.sleep(wait.next())
            else:
                return
