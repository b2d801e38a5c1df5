"""Reads actions and changes their state: never without a line of history."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, insert, select, update

from detector.contract.findings import Decision
from detector.contract.lifecycle import BEGINNINGS, may_follow
from detector.contract.vocabulary import State
from detector.decide.blast import Blast
from streams.store.rows import ActionRow, HistoryRow
from streams.store.tables_journal import ActionHistoryTable, ActionTable, DecisionTable

ERROR = 1_024
DECISION = msgspec.json.Decoder(Decision)
BLAST = msgspec.json.Decoder(Blast)


def actions_query() -> Select[Any]:
    """Actions with their decisions, for `action_rows`."""
    return select(ActionTable.__table__, DecisionTable.body).join(
        DecisionTable, DecisionTable.id == ActionTable.decision_id
    )


def newest_actions(states: Collection[State], limit: int, pbx: str | None = None) -> Select[Any]:
    """The newest actions in these states, newest first; of one PBX, if named."""
    newest = actions_query().order_by(ActionTable.created_at.desc(), ActionTable.id)
    if pbx is not None:
        newest = newest.where(ActionTable.pbx == pbx)
    return newest.where(ActionTable.state.in_(list(states))).limit(limit)


def action_rows(connection: Connection, query: Select[Any]) -> Iterator[ActionRow]:
    """The actions of an `actions_query`."""
    for row in connection.execute(query):
        yield action_row(row)


def action_row(row: Row[Any]) -> ActionRow:
    """A frozen copy."""
    return ActionRow(
        id=row.id,
        decision=DECISION.decode(row.body),
        drill=row.drill,
        state=State(row.state),
        by=row.by,
        attempt=row.attempt,
        error=row.error,
        until=row.until,
        undo_by=row.undo_by,
        before=row.before,
        handle=row.handle,
        next_try_at=row.next_try_at,
        created_at=row.created_at,
        blast=None if row.blast is None else BLAST.decode(row.blast),
        begun_at=row.begun_at,
        waits=row.waits,
    )


def history_row(row: Row[Any]) -> HistoryRow:
    """A frozen copy."""
    return HistoryRow(
        seq=row.seq,
        action=row.action_id,
        n=row.n,
        at=row.at,
        before=None if row.before is None else State(row.before),
        state=State(row.state),
        by=row.by,
        error=row.error,
    )


def locked(connection: Connection, action_id: str) -> Row[Any] | None:
    """The action's row, which nobody else changes until this transaction ends."""
    query = select(ActionTable.__table__).where(ActionTable.id == action_id).with_for_update()
    return connection.execute(query).one_or_none()


def change(connection: Connection, row: Row[Any], state: State, *, by: str, at: int, error: str | None = None) -> None:
    """Give a locked action another state, with its line of history. Raises ValueError for one that cannot follow."""
    legal({row.state}, state)
    error = error and error[:ERROR]
    connection.execute(
        update(ActionTable)
        .where(ActionTable.id == row.id)
        .values(state=state, by=by, error=error, changes=row.changes + 1)
    )
    note(connection, row.id, row.changes + 1, State(row.state), state, by=by, at=at, error=error)


def legal(states: Iterable[State], then: State) -> None:
    """Raise ValueError unless `then` may follow each of these states."""
    for state in states:
        if not may_follow(State(state), then):
            raise ValueError(f"an action that is {state} cannot become {then}")


def note(
    connection: Connection,
    action_id: str,
    n: int,
    before: State | None,
    state: State,
    *,
    by: str,
    at: int,
    error: str | None,
) -> None:
    """Write the `n`th line of an action's history. Raises ValueError for a first state that is no beginning."""
    if before is None and state not in BEGINNINGS:
        raise ValueError(f"no action begins as {state}")
    connection.execute(
        insert(ActionHistoryTable).values(
            action_id=action_id, n=n, at=at, before=before, state=state, by=by, error=error, announced=False
        )
    )
