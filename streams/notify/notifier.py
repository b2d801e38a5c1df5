"""Tells people about incidents: each change that matters once, and again until the service takes it."""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import structlog
from msgspec import structs

from detector.contract.codec import from_micros, to_micros
from detector.contract.findings import Incident
from detector.contract.vocabulary import MessageState, Severity
from streams.notify.compose import Message, compose, occasion
from streams.notify.due import muted, untold
from streams.notify.sender import Channel, Sender, SendError
from streams.observe.delays import took
from streams.runtime.clock import utc_now
from streams.store.journal.journal import Journal
from streams.store.rows import IncidentView, NotificationRow
from streams.store.store_errors import UnavailableError

SECOND = 1_000_000
GATHER_SECONDS = 2
ATTEMPTS = 8
FIRST_RETRY_SECONDS = 5
LONGEST_RETRY_SECONDS = 600
LEASE_SECONDS = 120
AT_ONCE = 16
LOOK_BACK = 200
SCAN_SECONDS = 60
OVERLAP_SECONDS = 60
POLL_SECONDS = 0.5
NOBODY = ""

log = structlog.get_logger(__name__)


class Notifier:
    """Turns changes of incidents into messages and messages into deliveries.

    Everything it must remember is in the journal: after a crash the same changes make the same ids, and what
    was being sent is `interrupted`. A critical incident nobody was told of is repeated after `repeat`. It tells of
    incidents of the PBXs that are `ours` at the moment, None are all.
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
        self._changed: set[str] = set()
        self._known: dict[str, tuple[int, int]] = {}
        self._since = to_micros(now())
        self._woken = asyncio.Event()
        self._deliveries: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There may be something to tell. Call it from the event loop."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; what is being sent then is finished."""
        await self.recover()
        scan_at = self._now()
        while not stop.is_set():
            self._woken.clear()
            try:
                if self._now() >= scan_at:
                    await self.scan()
                    scan_at = self._now() + timedelta(seconds=SCAN_SECONDS)
                await self.look()
                await self.gather()
                await self.send()
            except UnavailableError as error:
                log.warning("journal unavailable", error=str(error))
            await _first(stop, self._woken)
        await self.settle()

    async def recover(self) -> None:
        """What this owner was sending when it ended is interrupted: nobody knows whether it went out."""
        await asyncio.to_thread(self._journal.notifications.interrupted, self._owner, to_micros(self._now()))

    async def scan(self) -> None:
        """Look through the newest incidents, as after a crash; repeat what may have been lost."""
        recent = await asyncio.to_thread(self._journal.incidents.newest, LOOK_BACK, pbxs=self._ours())
        self._changed.update(incident.id for incident in recent)
        now = to_micros(self._now())
        for row in await asyncio.to_thread(self._journal.notifications.interrupted, NOBODY, now):
            await self._remind(row)

    async def look(self) -> None:
        """Find the incidents that were written since this was last done, whoever wrote them."""
        back = self._since - OVERLAP_SECONDS * SECOND
        for incident_id, revision, written in await asyncio.to_thread(
            self._journal.incidents.written, back, self._ours()
        ):
            if self._known.get(incident_id) != (revision, written):
                self._changed.add(incident_id)
                self._known[incident_id] = (revision, written)
            self._since = max(self._since, written)
        self._known = {name: seen for name, seen in self._known.items() if seen[1] >= back}

    async def gather(self) -> None:
        """Keep a message for every change since the last time that a channel has not been told."""
        brakes = await asyncio.to_thread(self._journal.brakes.in_force, to_micros(self._now())) if self._changed else []
        while self._changed:
            incident_id = self._changed.pop()
            try:
                view = await asyncio.to_thread(self._journal.incidents.find, incident_id)
                if view is not None and not muted(view, brakes):
                    for channel in self._channels.values():
                        if channel.wants(view.incident):
                            await self._enqueue(view, channel)
            except UnavailableError:
                self._changed.add(incident_id)
                raise

    async def send(self) -> None:
        """Begin to deliver what is due; a slow service holds up nobody else's message."""
        free = AT_ONCE - len(self._deliveries)
        if free <= 0:
            return
        now = to_micros(self._now())
        claim = self._journal.notifications.claim
        for row in await asyncio.to_thread(claim, self._owner, now, LEASE_SECONDS, free, self._ours()):
            delivery = asyncio.create_task(self._deliver(row))
            self._deliveries.add(delivery)
            delivery.add_done_callback(self._deliveries.discard)

    async def settle(self) -> None:
        """Wait for the deliveries that have begun."""
        await asyncio.gather(*self._deliveries)

    async def _enqueue(self, view: IncidentView, channel: Channel) -> None:
        new = untold(view, channel.name, channel.minimum, self._now())
        if not new:
            return
        due = to_micros(self._now() + self._gather)
        replaced: list[str] = []
        for row in view.notifications:
            # A message still gathering is replaced by this one, which says all that it said.
            gathering = row.channel == channel.name and row.state is MessageState.PENDING and not row.attempts
            if gathering and await asyncio.to_thread(self._finish, row, MessageState.SUPERSEDED):
                due = min(due, row.next_try_at or due)
                replaced.append(row.reason)
        message = compose(view, happened(view, channel.name, replaced + new), self._console_url)
        rows = [self._row(view.incident, channel.name, reason, message) for reason in new]
        first, *rest = rows
        kept = [_with(first, next_try_at=due), *(_with(row, state=MessageState.SUPERSEDED) for row in rest)]
        await asyncio.to_thread(self._journal.notifications.enqueue, kept)

    async def _remind(self, row: NotificationRow) -> None:
        if row.severity != Severity.CRITICAL or row.incident is None or row.channel not in self._channels:
            return
        if self._now() - from_micros(row.created_at) < self._repeat:
            return
        view = await asyncio.to_thread(self._journal.incidents.find, row.incident)
        if view is None or any(
            told.channel == row.channel and told.state is MessageState.SENT for told in view.notifications
        ):
            return
        message = compose(view, occasion("reminder", view), self._console_url)
        await asyncio.to_thread(
            self._journal.notifications.enqueue, [self._row(view.incident, row.channel, "reminder", message)]
        )

    async def _deliver(self, row: NotificationRow) -> None:
        channel = self._channels.get(row.channel)
        try:
            if channel is None:
                await asyncio.to_thread(
                    self._finish, row, MessageState.FAILED, "this channel is not configured any more"
                )
                return
            error = await attempt(channel.sender, row)
            if error is None:
                await asyncio.to_thread(self._finish, row, MessageState.SENT)
                took("notify", (to_micros(self._now()) - row.created_at) / SECOND)
            else:
                await self._failed(row, error)
        except UnavailableError:
            log.warning("message left interrupted: journal unavailable", notification=row.id)

    async def _failed(self, row: NotificationRow, error: str) -> None:
        log.warning("message not sent", channel=row.channel, notification=row.id, attempts=row.attempts)
        if row.attempts >= ATTEMPTS:
            await asyncio.to_thread(self._finish, row, MessageState.FAILED, error)
            return
        wait = min(FIRST_RETRY_SECONDS * 2 ** (row.attempts - 1), LONGEST_RETRY_SECONDS)
        next_try = to_micros(self._now()) + wait * SECOND
        await asyncio.to_thread(self._finish, row, MessageState.PENDING, error, next_try)

    def _finish(
        self, row: NotificationRow, state: MessageState, error: str | None = None, next_try_at: int | None = None
    ) -> bool:
        return self._journal.notifications.finish(
            row.id,
            state,
            now=to_micros(self._now()),
            error=error,
            next_try_at=next_try_at,
            # A delivery that outlasted its lease was called interrupted meanwhile; now we know how it went.
            from_states={row.state, MessageState.INTERRUPTED} if row.state is MessageState.SENDING else {row.state},
        )

    def _row(self, incident: Incident, channel: str, reason: str, message: Message) -> NotificationRow:
        return NotificationRow(
            id=notification_id(incident.id, reason, channel),
            incident=incident.id,
            channel=channel,
            revision=incident.revision,
            reason=reason,
            severity=incident.severity,
            title=message.title,
            text=message.text,
            created_at=to_micros(self._now()),
        )


def happened(view: IncidentView, channel: str, reasons: Sequence[str]) -> str:
    """A sentence for each of `reasons`; the first message to a channel introduces the incident."""
    out = [
        row for row in view.notifications if row.channel == channel and (row.attempts or row.state is MessageState.SENT)
    ]
    ordered = list(dict.fromkeys(reasons if out else ("opened", *reasons)))
    if "opened" in ordered:
        ordered = [reason for reason in ordered if not reason.startswith("stage:")]
    return " ".join(dict.fromkeys(occasion(reason, view) for reason in ordered))


async def attempt(sender: Sender, row: NotificationRow) -> str | None:
    """Why the message did not go out, or None; never anything that may hold a secret."""
    try:
        await sender.send(row.title, row.text)
    except SendError as error:
        return str(error)
    except Exception as error:
        return type(error).__name__
    return None


def notification_id(incident: str, reason: str, channel: str) -> str:
    """The same for the same change and channel, whenever and by whomever it is made."""
    named = "\0".join((incident, reason, channel)).encode("utf-8", "surrogatepass")
    return f"ntf-{hashlib.sha256(named).hexdigest()[:32]}"


def _with(
    row: NotificationRow, *, state: MessageState = MessageState.PENDING, next_try_at: int | None = None
) -> NotificationRow:
    return structs.replace(row, state=state, next_try_at=next_try_at)


async def _first(*events: asyncio.Event) -> None:
    """Wait for any of these, or for the next message that may be due."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
