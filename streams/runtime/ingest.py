"""What every source shares: the log it hands over to, and how it is doing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Protocol

import msgspec
import structlog
from msgspec import Meta, Struct

from detector.contract.codec import Rejected, to_micros
from detector.contract.events import AnyEvent, Control
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
    handed over since it began.
    """

    name: str
    pbx: str = ""
    connected: bool = False
    last_event_at: Micros | None = None
    problem: str | None = None
    connects: int = 0
    events: int = 0
    rejected: int = 0


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
        self.status.rejected += len(rejected)
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
