"""Tells people about incidents: each change that matters once, and again until the service takes it."""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import structlog

from detector.contract.codec import from_micros, to_micros
from detector.contract.vocabulary import MessageState, Severity
from detector.decide.brakes import Brake
from streams.notify.compose import compose
from streams.notify.deliveries import Deliveries
from streams.notify.due import LONGEST_AGO, happened, muted, untold
from streams.notify.messages import make_row, set_aside
from streams.notify.reminders import GRAVE, find_reminder
from streams.notify.sender import Channel
from streams.runtime.clock import utc_now
from streams.store.journal.journal import Journal
from streams.store.rows import IncidentView, NotificationRow
from streams.store.store_errors import UnavailableError

SECOND = 1_000_000
GATHER_SECONDS = 2
AT_ONCE = 50
REMINDED = 200
SCAN_SECONDS = 60.0
OVERLAP_SECONDS = 60
OVERLAP_STEPS = 100
EVERY = frozenset({"*"})
POLL_SECONDS = 0.5
NOBODY = ""
GONE = "this channel is not configured any more"

log = structlog.get_logger(__name__)


class Notifier:
    """Turns changes of incidents into messages; `Deliveries` hands them over.

    Everything it must remember is in the journal: after a crash the same changes make the same ids, and what
    was being sent is `interrupted`. A grave incident that goes on is told again each `repeat` until somebody
    acknowledges it, and so is a critical one nobody was told of. It tells of incidents of the PBXs that are `ours` at
    the moment, None are all; the gravest first, whatever came before.
    """

    def __init__(
        self,
        journal: Journal,
        channels: Sequence[Channel],
        *,
        owner: str,
        console_url: str | None = None,
        gather: timedelta = timedelta(seconds=GATHER_SECONDS),
        repeat: timedelta = timedelta(minutes=5),
        ours: Callable[[], Collection[str] | None] = lambda: None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._journal = journal
        self._ours = ours
        self._channels = {channel.name: channel for channel in channels}
        if len(self._channels) != len(channels):
            raise ValueError("two channels have the same name")
        self._owner = owner
        self._console_url = console_url
        self._gather = gather
        self._repeat = repeat
        self._now = now
        self._changed: dict[str, int] = {}
        self._known: dict[str, tuple[int, int]] = {}
        self._owned: frozenset[str] | None = None
        self._since = self._step = 0
        self._steps: deque[int] = deque(maxlen=2 * OVERLAP_STEPS)
        self._woken = asyncio.Event()
        self._deliveries = Deliveries(journal, self._channels, owner=owner, console_url=console_url, ours=ours, now=now)

    def wake(self) -> None:
        """There may be something to tell. Call it from the event loop."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; what is being sent then is finished."""
        scan_at = self._now()
        recovered = False
        while not stop.is_set():
            self._woken.clear()
            try:
                if not recovered:
                    await self.recover()
                    recovered = True
                if self._now() >= scan_at:
                    await self.scan()
                    scan_at = self._now() + min(self._repeat, timedelta(seconds=SCAN_SECONDS))
                await self.look()
                await self.gather()
                await self.send()
            except UnavailableError as error:
                log.warning("journal unavailable", error=str(error))
            await _first(stop, self._woken)
        self._deliveries.leave()
        await self.settle()

    async def recover(self) -> None:
        """What this owner was sending when it ended is interrupted: nobody knows whether it went out."""
        now = to_micros(self._now())
        await asyncio.to_thread(self._journal.notifications.interrupted, self._owner, now)
        await self._deliveries.recover()

    async def scan(self) -> None:
        """Repeat what may have been lost, and what goes on with nobody having said that they look after it."""
        now = to_micros(self._now())
        await asyncio.to_thread(self._journal.notifications.give_up, list(self._channels), GONE)
        for row in await asyncio.to_thread(self._journal.notifications.interrupted, NOBODY, now):
            await self._repeat_interrupted(row)
        grave = self._journal.incidents.gravest_open
        for incident_id in await asyncio.to_thread(grave, REMINDED, GRAVE, self._ours()):
            await self._remind(incident_id)

    async def look(self) -> None:
        """Find the incidents that were written, or of which an action changed, since this was last done.

        What was written before this process began, or had its PBX, is looked at once.
        """
        ours = self._ours()
        owned = EVERY if ours is None else frozenset(ours)
        if self._owned is None or owned - self._owned:
            self._since, self._known, self._step = to_micros(self._now() - LONGEST_AGO), {}, 0
        self._owned = owned
        steps, after = self._journal.actions.steps, self._step - OVERLAP_STEPS
        for step in await asyncio.to_thread(steps, after, ours, live_only=not self._step):
            if step.seq not in self._steps:
                self._changed[step.incident] = step.gravity
                self._steps.append(step.seq)
            self._step = max(self._step, step.seq)
        back = self._since - OVERLAP_SECONDS * SECOND
        for one in await asyncio.to_thread(self._journal.incidents.written, back, ours):
            if self._known.get(one.id) != (one.revision, one.written):
                self._changed[one.id] = one.gravity
                self._known[one.id] = (one.revision, one.written)
            self._since = max(self._since, one.written)
        back = self._since - OVERLAP_SECONDS * SECOND
        self._known = {name: seen for name, seen in self._known.items() if seen[1] >= back}

    async def gather(self) -> None:
        """Keep a message for changes since the last time that a channel has not been told, the gravest first.

        Of many only some at a time, so that something graver overtakes the rest.
        """
        brakes = await self._brakes() if self._changed else []
        for incident_id in heapq.nlargest(AT_ONCE, self._changed, key=self._changed.__getitem__):
            gravity = self._changed.pop(incident_id)
            try:
                view = await asyncio.to_thread(self._journal.incidents.find, incident_id)
                if view is not None and not muted(view, brakes):
                    for channel in self._channels.values():
                        if channel.wants(view.incident):
                            await self._enqueue(view, channel)
            except UnavailableError:
                self._changed[incident_id] = gravity
                raise
        if self._changed:
            self._woken.set()

    async def _brakes(self) -> list[Brake]:
        """What people want to hear nothing of, among others."""
        return await asyncio.to_thread(self._journal.brakes.in_force, to_micros(self._now()))

    async def send(self) -> None:
        """Begin to deliver what is due."""
        self._deliveries.begin()

    async def settle(self) -> None:
        """Wait for the deliveries that have begun."""
        await self._deliveries.settle()

    async def _enqueue(self, view: IncidentView, channel: Channel) -> None:
        new = untold(view, channel.name, channel.minimum, self._now(), alarms_only=channel.rings)
        if not new:
            return
        due = to_micros(self._now() + self._gather)
        replaced: list[str] = []
        for row in view.notifications:
            # A message still gathering is replaced by this one, which says all that it said.
            gathering = row.channel == channel.name and row.state is MessageState.PENDING and not row.attempts
            if gathering and await self._replace(row):
                due = min(due, row.next_try_at or due)
                replaced.append(row.reason)
        message = compose(view, happened(view, channel.name, replaced + new), self._console_url)
        created = to_micros(self._now())
        first, *rest = [make_row(view.incident, channel.name, reason, message, created, due) for reason in new]
        await asyncio.to_thread(self._journal.notifications.enqueue, [first, *map(set_aside, rest)])

    async def _replace(self, row: NotificationRow) -> bool:
        finish = self._journal.notifications.finish
        states = {MessageState.PENDING}
        now = to_micros(self._now())
        return await asyncio.to_thread(finish, [row.id], MessageState.SUPERSEDED, now=now, from_states=states) == 1

    async def _remind(self, incident_id: str) -> None:
        view = await asyncio.to_thread(self._journal.incidents.find, incident_id)
        if view is None or muted(view, await self._brakes()):
            return
        for channel in self._channels.values():
            if channel.wants(view.incident):
                reason = find_reminder(view, channel.name, self._now(), self._repeat)
                if reason is not None:
                    await self._say_again(view, channel.name, reason)

    async def _repeat_interrupted(self, row: NotificationRow) -> None:
        if row.severity != Severity.CRITICAL or row.incident is None or row.channel not in self._channels:
            return
        if self._now() - from_micros(row.created_at) < self._repeat:
            return
        view = await asyncio.to_thread(self._journal.incidents.find, row.incident)
        if view is None or any(
            told.channel == row.channel and told.state is MessageState.SENT for told in view.notifications
        ):
            return
        await self._say_again(view, row.channel, "reminder")

    async def _say_again(self, view: IncidentView, channel: str, reason: str) -> None:
        message = compose(view, happened(view, channel, [reason]), self._console_url)
        row = make_row(view.incident, channel, reason, message, to_micros(self._now()))
        await asyncio.to_thread(self._journal.notifications.enqueue, [row])


async def _first(*events: asyncio.Event) -> None:
    """Wait for any of these, or for the next message that may be due."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
