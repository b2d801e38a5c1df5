"""Takes one action from approved to confirmed and back, so that a crash at any point is read back and finished."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
import structlog
from msgspec.structs import replace

from detector.contract.codec import from_micros, to_micros
from detector.contract.lifecycle import BEGUN, FINAL, HELD, MAY_BE_OURS, STANDS, TOUCHED
from detector.contract.vocabulary import Act, Author, State, SubjectKind
from detector.decide.acts import ACTS
from detector.decide.guard import GuardFacts, block_range, doubt, veto
from streams.containment.budget import Budgets, find_spending
from streams.containment.enforcers.enforcer import EnforcerError
from streams.containment.first_backup import backup_begun
from streams.containment.restraint import Restraint
from streams.containment.weighing import Weighing
from streams.pbxs.pbx import AnyAction, Awaited, Drifted, Order
from streams.pbxs.pbx_errors import GiveUp, PbxError, TryAgain
from streams.runtime.clock import utc_now
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow
from streams.store.store_errors import UnavailableError
from streams.store.vault import Vault

LiveFacts = Callable[[ActionRow], Awaitable[GuardFacts]]
"""What the guard must know about an action's target at this moment."""

ATTEMPTS = 8
UNDO_ATTEMPTS = 16
LONGEST_WAIT_SECONDS = 60
DEADLINE_SECONDS = 60
AWAITED_SECONDS = 1_800
"""For so long somebody outside has time to do the rest; people are told of it long before."""
LOOK_AGAIN_SECONDS = 15
"""How often that is looked at where nobody says that it was done."""
READ_BACK_SECONDS = (0.05, 0.2, 0.5)
SECOND = 1_000_000
LOOK_BACK = 2_000
TAKEN_BACK = "somebody took it back on the PBX, at least in part"

log = structlog.get_logger(__name__)


class CarryOut:
    """The life of one action. Everything that must survive is in the journal before the PBX is touched."""

    def __init__(
        self,
        journal: Journal,
        hands: Mapping[str, Mapping[Act, AnyAction]],
        vault: Vault,
        live_facts: LiveFacts,
        *,
        owner: str,
        budgets: Budgets,
        restraint: Restraint,
        weighing: Weighing | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._journal = journal
        self._hands = hands
        self._vault = vault
        self._live_facts = live_facts
        self._owner = owner
        self._budgets = budgets
        self._restraint = restraint
        self._weighing = weighing
        self._now = now

    async def step(self, action_id: str) -> None:
        """Do what the action's state asks for; failures are journaled, never raised."""
        row = await self._read(action_id)
        if row is None:
            return
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self._step(row)
        except UnavailableError as error:
            log.warning("journal unavailable", action=action_id, error=str(error))
        except Drifted as error:
            await self._move(row, TOUCHED, State.DRIFTED, error=str(error))
        except Awaited as wait:
            await self._await(action_id, str(wait))
        except (TryAgain, EnforcerError) as error:
            await self._again(action_id, str(error))
        except TimeoutError:
            await self._again(action_id, f"not done within {DEADLINE_SECONDS} s")
        except PbxError as error:
            await self._fail(action_id, str(error))
        except Exception as error:
            log.exception("action broken", action=action_id)
            await self._fail(action_id, type(error).__name__)

    async def look_after(self, action_id: str) -> None:
        """Compare an action in force with what is really there; restore what gets lost, note what was changed."""
        row = await self._read(action_id)
        if row is None or row.state is not State.CONFIRMED or row.undo_due(self._micros()):
            return
        try:
            reason = await self._protected_since(row)
            if reason is not None:
                log.info("protected since", action=row.id, reason=reason)
                await asyncio.to_thread(self._journal.actions.request_undo, row.id, Author.GUARD, now=self._micros())
                return
            await self._compare(row)
        except Drifted as error:
            await self._move(row, {State.CONFIRMED}, State.DRIFTED, owner=None, error=str(error))
        except (PbxError, EnforcerError, UnavailableError, TimeoutError) as error:
            log.info("not compared", action=row.id, error=str(error))

    async def _protected_since(self, row: ActionRow) -> str | None:
        """Why what is in force would not be done any more."""
        facts = replace(await self._live_facts(row), spent_budget=False, emergency_call=False)
        return veto(row.kind, row.target, facts)

    async def preview(self, row: ActionRow) -> str:
        """What the action would cut, in a sentence. Raises `PbxError` or `EnforcerError`."""
        action = self._action(row)
        return await action.preview(order_of(row))

    async def _step(self, row: ActionRow) -> None:
        if row.state is State.APPROVED:
            begun = await self._begin(row)
            if begun is None:
                return
            row = begun
        elif row.state is State.APPLYING and await self._in_force(row):  # a crash came after it was done
            row = await self._to(row, State.APPLIED)
        if row.undo_due(self._micros()):
            await self._undo(row)
        elif row.state in BEGUN:
            await self._finish(row)

    async def _begin(self, row: ActionRow) -> ActionRow | None:
        """Past the guard, with what stood there stored; None if it goes no further."""
        if row.decision.until <= self._now() or row.undo_by is not None:
            await self._move(row, {State.APPROVED}, State.EXPIRED)
            return None
        held = await asyncio.to_thread(self._restraint.hold, row, self._now())
        if held is not None:
            await self._move(row, {State.APPROVED}, State.REQUESTED, by=Author.POLICY, error=held)
            return None
        facts = await self._live_facts(row)
        reason = veto(row.kind, row.target, facts)
        if reason is not None:
            await self._move(row, {State.APPROVED}, State.REFUSED, by=Author.GUARD, error=reason)
            return None
        unsure = doubt(row.kind, facts, sends_calls=row.decision.sends_calls)
        if unsure is not None and row.by in tuple(Author):
            await self._move(row, {State.APPROVED}, State.REQUESTED, by=Author.GUARD, error=unsure)
            return None
        if await self._queue(row, facts):
            return None
        action = self._action(row)
        wide = await self._weighing.too_wide(row) if self._weighing is not None else None
        if wide is not None:
            await self._move(row, {State.APPROVED}, State.REQUESTED, by=Author.POLICY, error=wide)
            return None
        await backup_begun(self._journal, row, self._micros())
        before = await self._inherited(row, action) or await action.prepare(order_of(row))
        sealed = self._vault.encrypt(msgspec.json.encode(before), row.id)
        return await self._to(row, State.APPLYING, before=sealed)

    async def _queue(self, row: ActionRow, facts: GuardFacts) -> bool:
        """Whether it is put off because its budget is spent; what a person approved never is."""
        if row.by != Author.POLICY:
            return False
        spending = await asyncio.to_thread(
            find_spending, self._journal, self._budgets, row.kind, row.pbx, self._now(), but=row.id
        )
        room_at = spending.room_at(row.target)
        if room_at is None:
            return False
        why = veto(row.kind, row.target, replace(facts, spent_budget=True))
        error = (
            f"{why}: it waits for a person, or until there is room, {from_micros(room_at):%H:%M} UTC at the earliest"
        )
        await self._move(
            row, {State.APPROVED}, State.REQUESTED, by=Author.GUARD, error=error, next_try_at=room_at, waits=True
        )
        return True

    async def _finish(self, row: ActionRow) -> None:
        """Apply what is missing, then believe only what is read back."""
        action = self._action(row)
        order, before = order_of(row), self._before(row, action)
        in_force = row.state is not State.APPLYING and await self._in_force(row)
        if not in_force and not (row.waits and await action.awaited(order, before)):
            held = await asyncio.to_thread(self._restraint.stopped, row, self._now())
            if held is not None:
                raise GiveUp(held)
            handle = await action.apply(order, before)
            row = await self._to(row, State.APPLIED, handle=handle)
        for wait in READ_BACK_SECONDS:
            if await action.confirmed(order, before, row.handle):
                await self._move(row, {State.APPLIED}, State.CONFIRMED, error=action.remark(row.handle))
                await self._sweep(row)
                return
            awaited = await action.awaited(order, before)
            if awaited is not None:
                raise Awaited(awaited)
            await asyncio.sleep(wait)
        raise TryAgain("not in force when read back")

    async def _undo(self, row: ActionRow) -> None:
        action = self._action(row)
        others = await self._others(row)
        if ACTS[row.kind].shared and any(other.target == row.target for other in others):
            await self._move(row, TOUCHED, State.SUPERSEDED, by=row.undo_by)
            return
        await self._take_back(row, action)
        if row.target.kind is SubjectKind.SOURCE_IP:
            await self._mend(action, [other for other in others if overlap(other, row)])
        why = await self._protected_since(row) if row.undo_by == Author.GUARD else None
        await self._move(row, TOUCHED, State.UNDONE, by=row.undo_by, error=why)

    async def _take_back(self, row: ActionRow, action: AnyAction) -> None:
        order, before = order_of(row), self._before(row, action)
        await action.undo(order, before, row.handle)
        if not await action.undone(order, before, row.handle):
            awaited = await action.awaited(order, before, gone=True)
            raise TryAgain("still in force when read back") if awaited is None else Awaited(awaited)

    async def _mend(self, action: AnyAction, others: list[ActionRow]) -> None:
        """A wider block had taken the place of these, perhaps of PBXs that somebody else has."""
        for other in others:
            order, before = order_of(other), self._before(other, action)
            if not await action.confirmed(order, before, other.handle):
                with suppress(Drifted):  # it is noticed when that one is looked after
                    await action.apply(order, before)

    async def _compare(self, row: ActionRow) -> None:
        if await self._in_force(row):
            return
        action = self._action(row)
        traits = ACTS[row.kind]
        if traits.volatile:
            handle = await action.apply(order_of(row), self._before(row, action))
            log.info("restored", action=row.id)
            if handle is not None and handle != row.handle:
                await self._move(row, {State.CONFIRMED}, State.CONFIRMED, by=row.by, owner=None, handle=handle)
        elif traits.undoable:
            await self._move(row, {State.CONFIRMED}, State.DRIFTED, owner=None, error=TAKEN_BACK)

    async def _sweep(self, row: ActionRow) -> None:
        """Cut again what was redialled between the hang-up and the moment new calls were stopped."""
        if not ACTS[row.kind].stops_new_calls:
            return
        view = await asyncio.to_thread(self._journal.incidents.find, row.incident)
        for other in view.actions if view is not None else []:
            if ACTS[other.kind].cuts_running and other.pbx == row.pbx and other.state in HELD:
                action = self._action(other)
                try:
                    await action.apply(order_of(other), self._before(other, action))
                except PbxError as error:
                    log.info("not swept", action=other.id, error=str(error))

    async def _in_force(self, row: ActionRow) -> bool:
        action = self._action(row)
        return await action.confirmed(order_of(row), self._before(row, action), row.handle)

    async def _others(self, row: ActionRow) -> list[ActionRow]:
        """Other actions of this kind that are in force: on this PBX, or anywhere where it is the same for all."""
        pbxs = None if ACTS[row.kind].everywhere else [row.pbx]
        standing = await asyncio.to_thread(self._journal.actions.active_blocks, pbxs)
        now = self._micros()
        return [a for a in standing.get(row.kind, []) if a.id != row.id and not a.undo_due(now)]

    async def _inherited(self, row: ActionRow, action: AnyAction) -> Any:
        """What stood there before the first of several actions on one target, those on their way out included."""
        traits = ACTS[row.kind]
        if traits.shared and traits.undoable:
            begun = await asyncio.to_thread(self._journal.actions.in_states, MAY_BE_OURS, LOOK_BACK, row.pbx)
            for other in begun:
                if other.id != row.id and (other.kind, other.target) == (row.kind, row.target) and other.before:
                    return self._before(other, action)
        return None

    async def _await(self, action_id: str, why: str) -> None:
        """Leave it to whom it waits for, and look again; what is not in force after a while has failed."""
        row = await self._read(action_id)
        if row is None or row.state in FINAL:
            return
        begun = row.begun_at or row.created_at
        if (
            row.state in BEGUN
            and not row.undo_due(self._micros())
            and self._micros() - begun >= AWAITED_SECONDS * SECOND
        ):
            await self._fail(action_id, f"{why}; given up after {AWAITED_SECONDS // 60} minutes")
            return
        later = self._micros() + LOOK_AGAIN_SECONDS * SECOND
        await self._move(row, {row.state}, row.state, by=row.by, error=why, next_try_at=later, waits=True)

    async def _again(self, action_id: str, error: str) -> None:
        """Try later, or give up after so many attempts."""
        row = await self._read(action_id)
        if row is None or row.state in FINAL:
            return
        last = UNDO_ATTEMPTS if row.state in STANDS else ATTEMPTS
        if row.attempt + 1 >= last:
            await self._fail(action_id, error)
            return
        wait = min(2 ** min(row.attempt, 10), LONGEST_WAIT_SECONDS)
        later = self._micros() + wait * SECOND
        log.info("tried again later", action=row.id, error=error, seconds=wait)
        await self._move(row, {row.state}, row.state, by=row.by, error=error, next_try_at=later)

    async def _fail(self, action_id: str, error: str) -> None:
        """Nothing half done is left behind: what was begun is taken back, or stands as `undo_failed`."""
        row = await self._read(action_id)
        if row is None or row.state in FINAL:
            return
        log.warning("action failed", action=row.id, state=row.state, error=error)
        if row.state in STANDS:
            await self._move(row, {row.state}, State.UNDO_FAILED, error=error)
            return
        if row.state in BEGUN and ACTS[row.kind].undoable:
            left = await self._leave_nothing(row)
            if left is not None:
                state, why = left
                await self._move(row, {row.state}, state, error=f"{error}; and not taken back: {why}")
                return
        await self._move(row, {row.state}, State.FAILED, error=error)

    async def _leave_nothing(self, row: ActionRow) -> tuple[State, str] | None:
        """Take back what was begun; the state it stays in and why, if that did not work."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self._take_back(row, self._action(row))
        except Drifted as drift:
            return State.DRIFTED, str(drift)
        except (PbxError, EnforcerError, Awaited) as error:
            return State.UNDO_FAILED, str(error)
        except Exception as error:
            return State.UNDO_FAILED, type(error).__name__
        return None

    def _action(self, row: ActionRow) -> AnyAction:
        actions = self._hands.get(row.pbx)
        if actions is None:
            raise GiveUp("there is no connection to this PBX in the settings")
        if row.kind not in actions:
            raise GiveUp(f"{row.kind} cannot be done to this PBX: it has no API for that which Ringfence knows")
        return actions[row.kind]

    def _before(self, row: ActionRow, action: AnyAction) -> Any:
        assert row.before is not None, "stored before anything was touched"
        return msgspec.json.decode(self._vault.decrypt(row.before, row.id), type=action.before)

    async def _to(self, row: ActionRow, state: State, **kept: Any) -> ActionRow:
        """The action in its next state, still ours; `Lost` if somebody else has it now."""
        await self._move(row, {row.state}, state, release=False, **kept)
        fresh = await self._read(row.id)
        if fresh is None or fresh.state is not state:
            raise UnavailableError("the action is not ours any more")
        return fresh

    async def _move(
        self, row: ActionRow, states: Collection[State], state: State, *, by: str | None = None, **kept: Any
    ) -> None:
        """Change the state, unless somebody else has the action by now."""
        kept = {"owner": self._owner, **kept}
        now = self._micros()
        await asyncio.to_thread(
            self._journal.actions.move, row.id, states, state, by=by or Author.EXECUTOR, now=now, **kept
        )

    async def _read(self, action_id: str) -> ActionRow | None:
        return await asyncio.to_thread(self._journal.actions.find, action_id)

    def _micros(self) -> int:
        return to_micros(self._now())


def order_of(row: ActionRow) -> Order:
    """The order an action carries out; its key is short and the same for ever."""
    key = hashlib.sha256(row.decision.id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return Order(key=key, target=row.target, until=row.decision.until, handle=row.handle)


def overlap(one: ActionRow, other: ActionRow) -> bool:
    """Whether two blocks of addresses have some in common."""
    first, second = block_range(one.target.id), block_range(other.target.id)
    return first.version == second.version and first.overlaps(second)
