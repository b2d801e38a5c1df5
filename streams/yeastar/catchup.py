"""What a live stream has missed: the calls that are up now, and the records of those that have ended."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Call
from detector.formats.yeastar.yeastar_frames import YeastarFrames
from streams.runtime.clock import utc_now
from streams.runtime.ingest import Delivery, Reading
from streams.yeastar.call_routes import CallRoutes
from streams.yeastar.client import YeastarClient

OVERLAP = timedelta(minutes=15)
LONGEST_CALL = timedelta(hours=24)
LONGEST_GAP = timedelta(days=7)
MARGIN = timedelta(minutes=1)
# An hour that the PBX shows twice reads as the first of the two: what ends now must lie behind it.
AHEAD = timedelta(hours=2)
MAX_OPEN = 10_000
MAX_SENT = 50_000


class Catchup:
    """Fills gaps for one PBX; share one between its live stream and its poll, so that each row is sent once.

    A CDR row carries the time its leg *began* and appears when it ends. So the search begins before the last one by
    `OVERLAP`, and before every call that was up then. A call of several legs is over when a row came and the PBX no
    longer shows it: one leg may end long before another. `since` is when the log last heard of this PBX. `routes` are
    looked at again before anything is read.
    """

    def __init__(
        self,
        client: YeastarClient,
        frames: YeastarFrames,
        *,
        since: datetime | None = None,
        routes: CallRoutes | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client = client
        self._frames = frames
        self._routes = routes
        self._now = now
        self._since = since or now()
        self._open: OrderedDict[str, datetime] = OrderedDict()
        self._ending: set[str] = set()
        self._sent: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()
        self.filled_at: datetime | None = None
        """When the last gap was filled."""

    @property
    def problem(self) -> str | None:
        """What is not as it should be although all was fetched."""
        return self._routes.problem if self._routes is not None else None

    def note(self, events: Iterable[AnyEvent]) -> None:
        """What was handed over: its calls are up, or over, and need not be sent again."""
        for event in events:
            if not isinstance(event, Call):
                continue
            if event.phase != "ended":
                self._open.setdefault(event.call_id, event.started_at or event.at)
                _bound(self._open, MAX_OPEN)
            elif event.call_id in self._open:
                self._ending.add(event.call_id)
            self._sent[event.id, event.revision] = None
            _bound(self._sent, MAX_SENT)

    def fresh(self, found: Sequence[Reading]) -> list[Reading]:
        """Without the events that were handed over before: they would change nothing."""
        return [each for each in found if isinstance(each, Rejected) or (each.id, each.revision) not in self._sent]

    async def fill(self, delivery: Delivery) -> None:
        """Hand over what is missing. Raises `PbxError`; then the next one begins where this one began."""
        async with self._one_at_a_time:
            await self._client.information()
            self._frames.clock = self._client.display
            if self._routes is not None:
                await self._routes.refresh()
            begun = self._now()
            start = self._start(begun)
            ending = set(self._ending)
            up = await self._fill_calls(delivery)
            skew = timedelta(seconds=self._client.clock_skew or 0)
            ahead = AHEAD + max(skew, timedelta())
            async for rows in self._client.cdrs(start + min(skew, timedelta()), begun + ahead):
                received_at = self._now()
                await self._send([self._frames.cdr_event(row, received_at) for row in rows], delivery)
            self._forget(ending - up)
            self._since = self.filled_at = begun

    async def _fill_calls(self, delivery: Delivery) -> set[str]:
        calls = [
            *await self._client.calls(direction="outbound"),
            *await self._client.calls(direction="inbound"),
        ]
        rows = [msgspec.to_builtins(call) for call in calls]
        await self._send(self._frames.calls_snapshot(rows, self._now()), delivery)
        return {call.call_id for call in calls}

    async def _send(self, found: Sequence[Reading], delivery: Delivery) -> None:
        self.note(await delivery.hand_over(self.fresh(found)))

    def _start(self, now: datetime) -> datetime:
        self._forget({each for each, began in self._open.items() if began < now - LONGEST_CALL})
        self._ending &= self._open.keys()
        begins = [self._since - OVERLAP, *(began - MARGIN for began in self._open.values())]
        return max(min(begins), now - LONGEST_GAP)

    def _forget(self, call_ids: set[str]) -> None:
        for call_id in call_ids:
            self._open.pop(call_id, None)
        self._ending -= call_ids


def _bound(memory: OrderedDict[str, datetime] | OrderedDict[tuple[str, int], None], most: int) -> None:
    while len(memory) > most:
        memory.popitem(last=False)
