"""Hands messages over: each channel at its own pace, the gravest first, and what is too much in one."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

import structlog

from detector.contract.codec import to_micros
from detector.contract.vocabulary import MessageState, Severity, Stage, Status
from streams.notify.compose import Message, sum_up
from streams.notify.sender import Channel, Sender, SendError
from streams.observe.delays import took
from streams.store.gravity import floor_of
from streams.store.journal.journal import Journal
from streams.store.rows import NotificationRow
from streams.store.store_errors import UnavailableError

SECOND = 1_000_000
ATTEMPTS = 8
FIRST_RETRY_SECONDS = 5
LONGEST_RETRY_SECONDS = 600
LEASE_SECONDS = 180
FEW = 5
"""So many wait their turn one by one; more are told together, but for what is loud. No more of them in a minute."""
QUIET_WITHIN = 60 * SECOND
MOST_TOGETHER = 500
LOUD = floor_of(Severity.CRITICAL, Stage.ACCESS)
RINGS = 3
RINGS_WITHIN = 600 * SECOND
RING_AGAIN_SECONDS = 60
OVER = frozenset({Status.CLOSED, Status.MERGED})

log = structlog.get_logger(__name__)


class Deliveries:
    """One thing at a time for each channel, so that a slow or dead one holds up nobody else's messages."""

    def __init__(
        self,
        journal: Journal,
        channels: Mapping[str, Channel],
        *,
        owner: str,
        console_url: str | None,
        ours: Callable[[], Collection[str] | None],
        now: Callable[[], datetime],
    ) -> None:
        self._journal = journal
        self._channels = channels
        self._owner = owner
        self._console_url = console_url
        self._ours = ours
        self._now = now
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._rung: defaultdict[str, deque[int]] = defaultdict(partial(deque, maxlen=RINGS))
        self._quiet: defaultdict[str, deque[int]] = defaultdict(partial(deque, maxlen=FEW))
        self._leaving = False

    async def recover(self) -> None:
        """How often somebody was rung lately, before this process began."""
        since = to_micros(self._now()) - RINGS_WITHIN
        for channel in self._channels.values():
            if channel.rings:
                last = await asyncio.to_thread(self._journal.notifications.last_sent, channel.name, since)
                self._rung[channel.name].extend(last)

    def begin(self) -> None:
        """Deliver what is due on every channel that is not at it already."""
        for channel in self._channels.values():
            if channel.name not in self._busy and not self._leaving:
                serving = asyncio.create_task(self._serve(channel))
                self._busy[channel.name] = serving
                serving.add_done_callback(partial(self._served, channel.name))

    def leave(self) -> None:
        """Finish what has begun, and begin nothing more."""
        self._leaving = True

    async def settle(self) -> None:
        """Wait for the deliveries that have begun."""
        while self._busy:
            await asyncio.wait(list(self._busy.values()))

    def _served(self, channel: str, serving: asyncio.Task[None]) -> None:
        del self._busy[channel]
        if not serving.cancelled() and (error := serving.exception()) is not None:
            log.error("delivery broken", channel=channel, error=repr(error))

    async def _serve(self, channel: Channel) -> None:
        alone = 0
        try:
            while not self._leaving and (rows := await self._take(channel, alone)):
                alone = alone + 1 if len(rows) == 1 else 0
                await self._deliver(channel, rows)
        except UnavailableError as error:
            log.warning("journal unavailable", channel=channel.name, error=str(error))

    async def _take(self, channel: Channel, alone: int) -> list[NotificationRow]:
        """What goes out next, in one; a call stands for all that happened until then."""
        now, ours = to_micros(self._now()), self._ours()
        if channel.rings and self._rang_lately(channel.name, now):
            return []
        enough = not channel.rings and _are_within(self._quiet[channel.name], FEW, QUIET_WITHIN, now)
        least = LOUD if enough else 0
        due = await asyncio.to_thread(self._journal.notifications.count_due, now, channel.name, ours, least)
        if not due:
            return []
        claim = partial(
            self._journal.notifications.claim, self._owner, now, LEASE_SECONDS, pbxs=ours, channel=channel.name,
            gravity=least,
        )  # fmt: skip
        first = await asyncio.to_thread(claim, 1)
        together = channel.rings or (due > FEW and (alone >= FEW or not _is_loud(first)))
        return first + await asyncio.to_thread(claim, MOST_TOGETHER) if first and together else first

    def _rang_lately(self, channel: str, now: int) -> bool:
        rung = self._rung[channel]
        return _are_within(rung, RINGS, RINGS_WITHIN, now) or bool(
            rung and now - rung[-1] < RING_AGAIN_SECONDS * SECOND
        )

    async def _deliver(self, channel: Channel, rows: Sequence[NotificationRow]) -> None:
        if channel.rings:
            rows = await self._unanswered(rows)
            self._rung[channel.name].extend([to_micros(self._now())] if rows else [])
        if not rows:
            return
        message = Message(rows[0].title, rows[0].text) if len(rows) == 1 else sum_up(rows, self._console_url)
        if not _is_loud(rows):
            self._quiet[channel.name].append(to_micros(self._now()))
        error = await attempt(channel.sender, message)
        if error is not None:
            await self._failed(channel, rows, error)
            return
        await self._finish(rows, MessageState.SENT)
        for row in rows:
            took("notify", (to_micros(self._now()) - row.created_at) / SECOND)

    async def _unanswered(self, rows: Sequence[NotificationRow]) -> list[NotificationRow]:
        """Without those that nobody has to be rung for any more: somebody looks after it, or it is over."""
        ids = {row.incident for row in rows if row.incident is not None}
        incidents = await asyncio.to_thread(self._journal.incidents.some, ids)
        said = await asyncio.to_thread(self._journal.remarks.last, ids)
        over = {name for name, incident in incidents.items() if incident.status in OVER}
        done = [row for row in rows if row.incident in over or said.get(row.incident or "", -1) >= row.created_at]
        await self._finish(done, MessageState.SUPERSEDED)
        return [row for row in rows if row not in done]

    async def _failed(self, channel: Channel, rows: Sequence[NotificationRow], error: str) -> None:
        log.warning("message not sent", channel=channel.name, messages=len(rows), error=error)
        lost = [] if channel.rings else [row for row in rows if row.attempts >= ATTEMPTS]
        await self._finish(lost, MessageState.FAILED, error)
        again = [row for row in rows if row not in lost]
        tried = max((row.attempts for row in again), default=1)
        wait = min(FIRST_RETRY_SECONDS * 2 ** (tried - 1), LONGEST_RETRY_SECONDS)
        next_try = to_micros(self._now()) + (RING_AGAIN_SECONDS if channel.rings else wait) * SECOND
        await self._finish(again, MessageState.PENDING, error, next_try)

    async def _finish(
        self,
        rows: Sequence[NotificationRow],
        state: MessageState,
        error: str | None = None,
        next_try_at: int | None = None,
    ) -> None:
        """Say how it went; one that outlasted its lease was called interrupted meanwhile, now we know better."""
        if rows:
            await asyncio.to_thread(
                self._journal.notifications.finish, [row.id for row in rows], state, now=to_micros(self._now()),
                error=error, next_try_at=next_try_at, from_states={MessageState.SENDING, MessageState.INTERRUPTED},
            )  # fmt: skip


def _are_within(times: Sequence[int], most: int, window: int, now: int) -> bool:
    """Whether there were so many within the last `window`."""
    return len(times) == most and now - times[0] < window


def _is_loud(rows: Sequence[NotificationRow]) -> bool:
    return any(row.gravity >= LOUD for row in rows)


async def attempt(sender: Sender, message: Message) -> str | None:
    """Why the message did not go out, or None; never anything that may hold a secret."""
    try:
        await sender.send(message.title, message.text)
    except SendError as error:
        return str(error)
    except Exception as error:
        return type(error).__name__
    return None
