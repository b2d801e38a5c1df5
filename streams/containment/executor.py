"""Carries out what was decided, on many PBXs at once, and tells the log how it went."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from detector.contract.codec import to_micros
from detector.contract.vocabulary import Act, Mode, State
from detector.decide.acts import ACTS, Lane
from streams.containment.budget import Budgets
from streams.containment.carry_out import CarryOut, LiveFacts
from streams.containment.outcome import Outcome, outcome
from streams.containment.queue import approve_queued
from streams.containment.restraint import Restraint
from streams.containment.weighing import Weighing
from streams.observe.delays import Stage, took
from streams.pbxs.pbx import AnyAction
from streams.runtime.clock import utc_now
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow, Announcement
from streams.store.store_errors import UnavailableError
from streams.store.vault import Vault

Announce = Callable[[Sequence[Outcome]], Awaitable[None]]
"""Returns when the outcomes are durable in the log; the same one may come twice, with the same ids."""

AT_ONCE = 256
LEASE_SECONDS = 180
ANNOUNCED_AT_ONCE = 200
POLL_SECONDS = 0.25
EVERY = timedelta(minutes=5)
STAGES: dict[State, Stage] = {State.APPLIED: "act", State.CONFIRMED: "confirm"}

log = structlog.get_logger(__name__)

Queue = tuple[str, Lane]


class Executor:
    """Claims actions and works them off in lanes: hang-ups, settings of a PBX, addresses.

    Lanes run side by side, so neither a slow PBX nor a slow setting holds up a hang-up elsewhere; within one,
    two actions never write to the same thing at once. `hands` are the PBXs that are ours, each with its actions.
    """

    def __init__(
        self,
        journal: Journal,
        hands: Mapping[str, Mapping[Act, AnyAction]],
        vault: Vault,
        live_facts: LiveFacts,
        announce: Announce,
        *,
        owner: str,
        budgets: Budgets | None = None,
        restraint: Restraint | None = None,
        weighing: Weighing | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._journal = journal
        self._hands = hands
        self._announce = announce
        self._owner = owner
        self._now = now
        self._budgets = budgets or Budgets()
        self._work = CarryOut(
            journal, hands, vault, live_facts, owner=owner, budgets=self._budgets,
            restraint=restraint or Restraint(journal), weighing=weighing, now=now,
        )  # fmt: skip
        self._queues: dict[Queue, deque[tuple[str, Callable[[], Awaitable[None]]]]] = {}
        self._lanes: dict[Queue, asyncio.Task[None]] = {}
        self._held: set[str] = set()
        self._woken = asyncio.Event()
        self._allowed = 0

    def wake(self) -> None:
        """There may be something to do. Call it from the event loop."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; what has begun is finished."""
        await asyncio.to_thread(self._journal.actions.release, self._owner)
        look_at = self._now()
        while not stop.is_set():
            self._woken.clear()
            try:
                if await self._newly_allowed() or self._now() >= look_at:
                    await self.reconcile(list(self._hands))
                    look_at = self._now() + EVERY
                await self.claim()
                await self.tell()
            except UnavailableError as error:
                log.warning("journal unavailable", error=str(error))
            await _any(stop, self._woken)
        await self.drain()
        await self.tell()

    async def claim(self) -> int:
        """Put what is to be done into its lane; how many that are."""
        now = to_micros(self._now())
        await asyncio.to_thread(self._journal.actions.expire, now)
        await asyncio.to_thread(approve_queued, self._journal, self._budgets, list(self._hands), self._now())
        claimed = await asyncio.to_thread(
            self._journal.actions.claim, self._owner, now, LEASE_SECONDS, AT_ONCE, list(self._hands)
        )
        for row in claimed:
            self._submit(row, partial(self._work.step, row.id))
        return len(claimed)

    async def reconcile(self, pbxs: Collection[str]) -> None:
        """Compare what is in force on these PBXs with them and their enforcers; nobody is told of what is restored."""
        standing = await asyncio.to_thread(self._journal.actions.active_blocks, pbxs)
        for rows in standing.values():
            for row in rows:
                self._submit(row, partial(self._work.look_after, row.id))

    async def _newly_allowed(self) -> bool:
        """Whether people have put more on the allow-list: what stands against it is lifted at once."""
        before = self._allowed
        self._allowed = await asyncio.to_thread(self._journal.guard.newest)
        return self._allowed > before

    async def tell(self) -> None:
        """Announce every change of state that the log does not have yet, oldest first."""
        while changes := await asyncio.to_thread(self._journal.actions.unannounced, ANNOUNCED_AT_ONCE):
            await self._announce([outcome(change) for change in changes])
            for change in changes:
                measure(change)
            await asyncio.to_thread(self._journal.actions.announced, [change.change.seq for change in changes])

    async def drain(self) -> None:
        """Wait until all lanes are empty."""
        while self._lanes:
            await asyncio.gather(*self._lanes.values())

    async def preview(self, row: ActionRow) -> str:
        """What an action would cut, for who has to approve it. Raises `PbxError` or `EnforcerError`."""
        return await self._work.preview(row)

    def _submit(self, row: ActionRow, work: Callable[[], Awaitable[None]]) -> None:
        if row.id in self._held:
            return
        self._held.add(row.id)
        lane = lane_of(row)
        self._queues.setdefault(lane, deque()).append((row.id, work))
        if lane not in self._lanes:
            self._lanes[lane] = asyncio.create_task(self._run_lane(lane))

    async def _run_lane(self, lane: Queue) -> None:
        queue = self._queues[lane]
        try:
            while queue:
                action_id, work = queue.popleft()
                try:
                    await work()
                except UnavailableError as error:
                    log.warning("journal unavailable", action=action_id, error=str(error))
                finally:
                    self._held.discard(action_id)
                self._woken.set()
        finally:
            del self._lanes[lane]


def measure(announcement: Announcement) -> None:
    """How long it took until something was done that waited for nobody's consent."""
    change, action = announcement.change, announcement.action
    stage = STAGES.get(change.state)
    if stage is not None and action.decision.mode is Mode.AUTO:
        took(stage, (change.at - action.created_at) / 1_000_000)


def lane_of(row: ActionRow) -> Queue:
    """Hang-ups wait for nothing; settings of a PBX one at a time; addresses are the same for all PBXs.

    A backup is not in the way of the settings: they wait for its start, a moment at most.
    """
    traits = ACTS[row.kind]
    return "" if traits.everywhere else row.pbx, traits.lane


async def _any(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
