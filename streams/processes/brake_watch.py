"""Carries out what was ordered outside the console, and tells of each brake that is put on or taken off."""

import asyncio
from collections.abc import Iterator, Sequence

import structlog

from detector.contract.vocabulary import Severity
from detector.decide.brakes import Brake, BrakeKind, scope
from streams.containment.orders import Orders
from streams.notify.compose import clean
from streams.notify.messages import notification_id
from streams.notify.sender import Channel
from streams.notify.senders.phone import Phone
from streams.runtime.clock import micros_now
from streams.store.journal.journal import Journal
from streams.store.rows import NotificationRow
from streams.store.store_errors import UnavailableError

LOOK_SECONDS = 0.25
NEWEST = 50
TOLD_WITHIN_MICROS = 3_600 * 1_000_000
"""What is older was told by whoever was at work then, or is no news any more."""
TITLES = {
    BrakeKind.STOP: "Ringfence acts on {scope} no more by itself",
    BrakeKind.MUTE: "Ringfence is muted on {scope}",
    BrakeKind.FALLBACK: "Ringfence asks before it acts: {scope}",
}

log = structlog.get_logger(__name__)


class BrakeWatch:
    """Looks into the journal, where commands and consoles write; several may, and each thing is done and told once.

    Telephones are not rung for it: who is to be woken reads it in the morning.
    """

    def __init__(self, journal: Journal, orders: Orders, channels: Sequence[Channel], owner: str) -> None:
        self._journal = journal
        self._orders = orders
        self._channels = [one.name for one in channels if not isinstance(one.sender, Phone)]
        self._owner = owner
        self._known: dict[int, Brake] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.carry_out()
                await self.tell()
            except UnavailableError as error:
                log.warning("journal unavailable", error=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def carry_out(self) -> None:
        """Do what somebody ordered by a command."""
        for slip in await asyncio.to_thread(self._journal.slips.waiting):
            if await asyncio.to_thread(self._journal.slips.take, slip.id, self._owner):
                done = await self._orders.undo(slip.action, slip.by, slip.note)
                await asyncio.to_thread(self._journal.slips.finish, slip.id, done=done)

    async def tell(self) -> None:
        """Log what changed of brakes, and leave a message for everybody who reads messages."""
        now = micros_now()
        for brake in reversed(await asyncio.to_thread(self._journal.brakes.newest, NEWEST)):
            if self._known.get(brake.id) == brake:
                continue
            self._known[brake.id] = brake
            if brake.in_force(now):
                log.warning("braked", what=scope(brake), kind=brake.kind, by=brake.by, reason=brake.reason)
            elif brake.ended_by is not None and brake.ended_at is not None:
                log.warning("released", what=scope(brake), kind=brake.kind, by=brake.ended_by)
            if max(brake.at, brake.ended_at or 0) > now - TOLD_WITHIN_MICROS:
                rows = list(messages(brake, self._channels))
                await asyncio.to_thread(self._journal.notifications.enqueue, rows)


def messages(brake: Brake, channels: Sequence[str]) -> Iterator[NotificationRow]:
    """What people are told of it; the same rows whoever makes them."""
    title = clean(TITLES[brake.kind].format(scope=scope(brake)))
    begun = f"{clean(brake.by)}: {clean(brake.reason)}"
    for channel in channels:
        yield _row(brake, channel, "put", title, begun, brake.at)
        if brake.ended_by is not None and brake.ended_at is not None:
            ended = f"{clean(brake.ended_by)} ended it. It was put by {begun}"
            yield _row(brake, channel, "ended", f"Ended: {title}", ended, brake.ended_at)


def _row(brake: Brake, channel: str, what: str, title: str, text: str, at: int) -> NotificationRow:
    return NotificationRow(
        id=notification_id(f"brake-{brake.id}", what, channel), incident=None, channel=channel, revision=0,
        reason=f"brake:{what}", severity=Severity.WARNING, title=title, text=text, created_at=at,
    )  # fmt: skip
