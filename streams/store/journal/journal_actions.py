"""The executor's and the console's side of actions: leases, changes of state, announcements."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, update

from detector.contract.lifecycle import FINAL, IN_FORCE, LEFT, SPENDS, STANDS, TO_APPLY, TO_DO, TOUCHED, UNTOUCHED
from detector.contract.vocabulary import Act, Author, State, Status
from detector.decide.acts import ACTS
from detector.decide.blast import Blast
from streams.store.database import database_now, reading, writing
from streams.store.journal.journal_changes import (
    ERROR,
    action_rows,
    actions_query,
    change,
    history_row,
    legal,
    locked,
    newest_actions,
)
from streams.store.journal.journal_part import JournalPart
from streams.store.journal.journal_remarks import keep_remark
from streams.store.rows import ActionRow, ActionStep, Announcement, BegunAction
from streams.store.tables_journal import ActionHistoryTable, ActionTable, IncidentTable

SECOND = 1_000_000
WAITS = (ActionTable.state == State.REQUESTED, ActionTable.drill.is_(False))


class ActionsJournal(JournalPart):
    """Actions on their way through their states."""

    def claim(
        self,
        owner: str,
        now: int,
        lease_seconds: float,
        limit: int,
        pbxs: Collection[str] | None = None,
    ) -> list[ActionRow]:
        """Lease up to `limit` actions with work to do, those still to be applied first.

        To do: `approved`, `applying` (read back, then finish), `applied` (confirm), and what is due to be
        undone. Nobody else gets them until the lease ends. `pbxs` narrows it to the PBXs the caller owns.
        """
        query = (
            select(ActionTable.id)
            .where(_to_do(now), _free(now))
            .order_by(case((ActionTable.state.in_(TO_APPLY), 0), else_=1), ActionTable.created_at, ActionTable.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        if pbxs is not None:
            query = query.where(ActionTable.pbx.in_(list(pbxs)))
        with writing(self._engine) as connection:
            ids = list(connection.execute(query).scalars())
            if not ids:
                return []
            leased = update(ActionTable).where(ActionTable.id.in_(ids))
            connection.execute(leased.values(lease_owner=owner, lease_until=now + int(lease_seconds * SECOND)))
            found = action_rows(connection, actions_query().where(ActionTable.id.in_(ids)))
            return sorted(found, key=lambda action: ids.index(action.id))

    def release(self, owner: str) -> None:
        """End all leases of `owner`: it starts anew and works on none of them. What is to be undone does not wait."""
        free = update(ActionTable).where(ActionTable.lease_owner == owner)
        at_once = update(ActionTable).where(ActionTable.undo_by.is_not(None), ActionTable.state.in_(TOUCHED))
        with writing(self._engine) as connection:
            connection.execute(free.values(lease_owner=None, lease_until=None))
            connection.execute(at_once.values(next_try_at=None))

    def move(
        self,
        action_id: str,
        from_states: Collection[State],
        to_state: State,
        *,
        by: str,
        now: int,
        error: str | None = None,
        before: bytes | None = None,
        handle: str | None = None,
        next_try_at: int | None = None,
        release: bool = True,
        owner: str | None = None,
        waits: bool = False,
    ) -> bool:
        """Change an action's state if it is one of `from_states` (and leased by `owner`, if given).

        False: somebody else was first, nothing changed. The same state again is a retry: it writes no history, and
        counts an attempt unless it only `waits`. `before` is kept from the first time it is given, since what is read
        after our own change is not what stood there. `release` ends the lease. Raises ValueError where `to_state`
        may not follow one of `from_states`.
        """
        legal(from_states, to_state)
        with writing(self._engine) as connection:
            row = locked(connection, action_id)
            if row is None or row.state not in from_states or owner not in {None, row.lease_owner}:
                return False
            if row.drill and to_state not in {*FINAL, State.REQUESTED}:
                return False
            values = _kept(row, to_state, before, handle, waits=waits)
            values |= {"next_try_at": next_try_at, "error": error and error[:ERROR], "waits": waits}
            if to_state == State.APPLYING:
                values["begun_at"] = now
            if release:
                values |= {"lease_owner": None, "lease_until": None}
            connection.execute(update(ActionTable).where(ActionTable.id == action_id).values(values))
            if row.state != to_state:
                change(connection, row, to_state, by=by, at=now, error=error)
            return True

    def approve(self, action_id: str, by: str, *, now: int) -> bool:
        """Let a requested action be carried out; False if it is not requested (any more), or a drill."""
        return self.move(action_id, {State.REQUESTED}, State.APPROVED, by=by, now=now)

    def refuse(self, action_id: str, by: str, why: str, *, now: int) -> bool:
        """Never carry out a requested or approved action; False if it went further already."""
        return self.move(action_id, UNTOUCHED, State.REFUSED, by=by, now=now, error=why)

    def request_undo(self, action_id: str, by: str, *, now: int, note: str | None = None) -> bool:
        """Have an action undone before its time, or undone again where that failed; a person's `note` is kept with it.

        One that was never applied expires. False: there is nothing to undo.
        """
        with writing(self._engine) as connection:
            row = locked(connection, action_id)
            if row is None or row.state in FINAL or (row.until is None and row.state not in UNTOUCHED):
                return False
            if row.state in UNTOUCHED:
                change(connection, row, State.EXPIRED, by=by, at=now)
            else:
                asked = update(ActionTable).where(ActionTable.id == action_id)
                connection.execute(asked.values(undo_by=by, next_try_at=None))
            if note is not None:
                keep_remark(connection, row.incident_id, by=by, about="undone", text=note, now=now, action_id=action_id)
            return True

    def begun(self, act: Act, pbx: str, since: int) -> list[BegunAction]:
        """Which actions of this kind on this PBX were begun after `since`, whatever came of them."""
        query = actions_query().where(
            ActionTable.kind == act, ActionTable.pbx == pbx, ActionTable.begun_at > since, ActionTable.state.in_(SPENDS)
        )
        with reading(self._engine) as connection:
            return [
                BegunAction(action=row.id, target=row.target, at=row.begun_at or 0)
                for row in action_rows(connection, query)
            ]

    def queued(self, now: int, limit: int, pbxs: Collection[str] | None = None) -> list[ActionRow]:
        """Requests put off until now because their budget was spent, oldest first; on `pbxs` only, if given."""
        query = actions_query().where(
            ActionTable.state == State.REQUESTED, ActionTable.waits, func.coalesce(ActionTable.next_try_at, 0) <= now
        )
        if pbxs is not None:
            query = query.where(ActionTable.pbx.in_(list(pbxs)))
        with reading(self._engine) as connection:
            ordered = query.order_by(ActionTable.created_at, ActionTable.id).limit(limit)
            return list(action_rows(connection, ordered))

    def waiting_for_firewall(self, pbxs: Collection[str]) -> list[ActionRow]:
        """Blocks of addresses on these PBXs that are done as far as we can, and that no firewall has fetched."""
        query = actions_query().where(
            ActionTable.kind == Act.BLOCK_IP, ActionTable.state == State.APPLIED, ActionTable.waits,
            ActionTable.pbx.in_(list(pbxs)),
        )  # fmt: skip
        with reading(self._engine) as connection:
            return list(action_rows(connection, query))

    def put_off(self, action_id: str, until: int) -> None:
        """Look at a queued request again then."""
        later = update(ActionTable).where(
            ActionTable.id == action_id, ActionTable.state == State.REQUESTED, ActionTable.waits
        )
        with writing(self._engine) as connection:
            connection.execute(later.values(next_try_at=until))

    def expire(self, now: int) -> int:
        """End requests whose decision has ended by itself; returns how many."""
        late = select(ActionTable.id).where(
            ActionTable.state == State.REQUESTED, ActionTable.until.is_not(None), ActionTable.until <= now
        )
        with reading(self._engine) as connection:
            ids = list(connection.execute(late).scalars())
        return sum(self.move(id_, {State.REQUESTED}, State.EXPIRED, by=Author.POLICY, now=now) for id_ in ids)

    def find(self, action_id: str) -> ActionRow | None:
        """One action."""
        with reading(self._engine) as connection:
            query = actions_query().where(ActionTable.id == action_id)
            return next(action_rows(connection, query), None)

    def in_states(self, states: Collection[State], limit: int, pbx: str | None = None) -> list[ActionRow]:
        """The newest actions in these states, newest first; of one PBX, if named."""
        with reading(self._engine) as connection:
            return list(action_rows(connection, newest_actions(states, limit, pbx)))

    def waiting(self, limit: int, offset: int = 0) -> list[ActionRow]:
        """What waits for a person's consent: of the gravest incident first, and of that the oldest."""
        gravity = func.coalesce(IncidentTable.gravity, 0)
        query = (
            actions_query()
            .outerjoin(IncidentTable, IncidentTable.id == ActionTable.incident_id)
            .where(*WAITS)
            .order_by(gravity.desc(), ActionTable.created_at, ActionTable.id)
        )
        with reading(self._engine) as connection:
            return list(action_rows(connection, query.limit(limit).offset(offset)))

    def count_waiting(self) -> int:
        """How much waits for a person's consent."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(ActionTable).where(*WAITS)).scalar_one()

    def active_blocks(self, pbxs: Collection[str] | None = None) -> dict[Act, list[ActionRow]]:
        """What stands now and will have to be undone, by kind, oldest first; on `pbxs` only, if given."""
        query = actions_query().where(ActionTable.state.in_(IN_FORCE), ActionTable.until.is_not(None))
        if pbxs is not None:
            query = query.where(ActionTable.pbx.in_(list(pbxs)))
        blocks: defaultdict[Act, list[ActionRow]] = defaultdict(list)
        with reading(self._engine) as connection:
            ordered = query.order_by(ActionTable.kind, ActionTable.created_at, ActionTable.id)
            for action in action_rows(connection, ordered):
                blocks[action.kind].append(action)
        return dict(blocks)

    def unweighed(self, pbxs: Collection[str], limit: int) -> list[ActionRow]:
        """What waits for approval on these PBXs, and of which nobody has said whom it hits; oldest first."""
        query = actions_query().where(
            ActionTable.state == State.REQUESTED, ActionTable.blast.is_(None), ActionTable.drill.is_(False),
            ActionTable.kind.in_([act for act, traits in ACTS.items() if traits.contains]),
            ActionTable.pbx.in_(list(pbxs)),
        )  # fmt: skip
        with reading(self._engine) as connection:
            return list(action_rows(connection, query.order_by(ActionTable.created_at, ActionTable.id).limit(limit)))

    def weighed(self, action_id: str, blast: Blast) -> None:
        """Keep whom an action hits; its incident is looked at anew by who tells people."""
        mine = select(ActionTable.incident_id).where(ActionTable.id == action_id).scalar_subquery()
        kept = update(ActionTable).where(ActionTable.id == action_id)
        told = update(IncidentTable).where(IncidentTable.id == mine)
        with writing(self._engine) as connection:
            connection.execute(kept.values(blast=msgspec.json.encode(blast)))
            connection.execute(told.values(written=database_now(self._engine)))

    def to_be_undone(self) -> list[ActionRow]:
        """Everything that may be there and has to be undone some day, oldest first."""
        query = actions_query().where(ActionTable.state.in_(TOUCHED), ActionTable.until.is_not(None))
        with reading(self._engine) as connection:
            return list(action_rows(connection, query.order_by(ActionTable.created_at, ActionTable.id)))

    def unannounced(self, limit: int) -> list[Announcement]:
        """Changes of state the stream was not told yet, oldest first."""
        query = (
            select(ActionHistoryTable.__table__)
            .where(ActionHistoryTable.announced.is_(False))
            .order_by(ActionHistoryTable.seq)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            changes = [history_row(row) for row in connection.execute(query)]
            ids = {change.action for change in changes}
            actions = action_rows(connection, actions_query().where(ActionTable.id.in_(ids)))
            known = {action.id: action for action in actions}
        return [Announcement(change, known[change.action]) for change in changes]

    def steps(self, after: int, pbxs: Collection[str] | None = None, *, live_only: bool = False) -> list[ActionStep]:
        """The newest change of each action that changed behind `after`.

        `pbxs` narrows it to actions on these PBXs, `live_only` to those of incidents that are not over.
        """
        history, incident = ActionHistoryTable, IncidentTable
        query = (
            select(func.max(history.seq), ActionTable.incident_id, func.max(incident.gravity))
            .join(ActionTable, ActionTable.id == history.action_id)
            .join(incident, incident.id == ActionTable.incident_id)
            .where(history.seq > after)
            .group_by(ActionTable.id, ActionTable.incident_id)
        )
        if live_only:
            query = query.where(incident.status.in_([Status.OPEN, Status.CONTAINED]))
        if pbxs is not None:
            query = query.where(ActionTable.pbx.in_(list(pbxs)))
        with reading(self._engine) as connection:
            return [ActionStep(*row) for row in connection.execute(query)]

    def announced(self, seqs: Sequence[int]) -> None:
        """The stream has these changes (`HistoryRow.seq`) durably."""
        if not seqs:
            return
        told = update(ActionHistoryTable).where(ActionHistoryTable.seq.in_(seqs)).values(announced=True)
        with writing(self._engine) as connection:
            connection.execute(told)


def _to_do(now: int) -> ColumnElement[bool]:
    expired = and_(ActionTable.state == State.CONFIRMED, ActionTable.until <= now)
    asked = and_(ActionTable.state.in_(STANDS), ActionTable.undo_by.is_not(None), ActionTable.until.is_not(None))
    return or_(ActionTable.state.in_(TO_DO), expired, asked)


def _free(now: int) -> ColumnElement[bool]:
    return and_(func.coalesce(ActionTable.lease_until, 0) <= now, func.coalesce(ActionTable.next_try_at, 0) <= now)


def _kept(
    row: Row[Any], to_state: State, before: bytes | None, handle: str | None, *, waits: bool
) -> dict[str, object]:  # fmt: skip
    """What a move changes besides the state."""
    values: dict[str, object] = {}
    if to_state == State.APPLYING or (row.state == to_state and not waits):
        values["attempt"] = row.attempt + 1
    if to_state in LEFT:
        values["undo_by"] = None  # it is tried again when somebody asks again
    if row.before is None and before is not None:
        values["before"] = before
    if handle is not None:
        values["handle"] = handle
    return values
