"""The notifier's side of the journal: messages wait, are being sent, and are never sent twice by accident."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select, update

from detector.contract.vocabulary import MessageState
from streams.store.database import insert_into, writing
from streams.store.journal.journal_changes import ERROR
from streams.store.journal.journal_part import JournalPart
from streams.store.rows import NotificationRow
from streams.store.tables_journal import IncidentTable, NotificationTable

SECOND = 1_000_000
OPEN = frozenset({MessageState.PENDING, MessageState.SENDING, MessageState.INTERRUPTED})
CLOSED = frozenset(MessageState) - {MessageState.SENDING}


class NotificationsJournal(JournalPart):
    """Messages on their way to people."""

    def enqueue(self, rows: Sequence[NotificationRow]) -> None:
        """Keep messages; an id that is known already changes nothing."""
        if not rows:
            return
        new = insert_into(self._engine, NotificationTable).on_conflict_do_nothing()
        with writing(self._engine) as connection:
            connection.execute(new, [_values(row) for row in rows])

    def claim(
        self, owner: str, now: int, lease_seconds: float, limit: int, pbxs: Collection[str] | None = None
    ) -> list[NotificationRow]:
        """Take up to `limit` pending messages that are due, oldest first; they are `sending` from here on.

        `pbxs` narrows it to those about incidents of these PBXs, and about no incident.
        """
        table = NotificationTable
        query = (
            select(table.id)
            .where(table.state == MessageState.PENDING, func.coalesce(table.next_try_at, 0) <= now)
            .order_by(table.created_at, table.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        if pbxs is not None:
            theirs = select(IncidentTable.id).where(IncidentTable.pbx.in_(list(pbxs)))
            query = query.where(or_(table.incident_id.is_(None), table.incident_id.in_(theirs)))
        until = now + int(lease_seconds * SECOND)
        with writing(self._engine) as connection:
            ids = list(connection.execute(query).scalars())
            if not ids:
                return []
            taken = update(table).where(table.id.in_(ids))
            connection.execute(
                taken.values(
                    state=MessageState.SENDING, attempts=table.attempts + 1, lease_owner=owner, lease_until=until
                )
            )
            return [notification_row(row) for row in connection.execute(notifications_query().where(table.id.in_(ids)))]

    def finish(
        self,
        notification_id: str,
        state: MessageState,
        *,
        now: int,
        error: str | None = None,
        next_try_at: int | None = None,
        from_states: Collection[MessageState] = OPEN,
    ) -> bool:
        """Say how it went: `sent`, `failed`, `superseded`, or `pending` to try again at `next_try_at`.

        False if the message is in none of `from_states`.
        """
        if state not in CLOSED:
            raise ValueError(f"a message does not end as {state!r}")
        table = NotificationTable
        ended = update(table).where(table.id == notification_id, table.state.in_(from_states))
        values: dict[str, object] = {
            "state": state,
            "error": error and error[:ERROR],
            "next_try_at": next_try_at,
            "lease_owner": None,
            "lease_until": None,
        }
        if state is MessageState.SENT:
            values["sent_at"] = now
        with writing(self._engine) as connection:
            return connection.execute(ended.values(values)).rowcount == 1

    def interrupted(self, owner: str, now: int) -> list[NotificationRow]:
        """Messages that `owner` (which starts anew), or anybody whose lease ended, was sending.

        Nobody knows whether they went out: `interrupted` until `finish_notification` says otherwise.
        """
        table = NotificationTable
        lost = and_(table.state == MessageState.SENDING, or_(table.lease_owner == owner, table.lease_until <= now))
        with writing(self._engine) as connection:
            connection.execute(
                update(table).where(lost).values(state=MessageState.INTERRUPTED, lease_owner=None, lease_until=None)
            )
            waiting = notifications_query().where(table.state == MessageState.INTERRUPTED)
            return [notification_row(row) for row in connection.execute(waiting)]


def notifications_query() -> Select[Any]:
    """Messages, oldest first, for `notification_row`."""
    table = NotificationTable
    return select(table.__table__).order_by(table.created_at, table.id)


def notification_row(row: Row[Any]) -> NotificationRow:
    """A frozen copy."""
    return NotificationRow(
        id=row.id,
        incident=row.incident_id,
        channel=row.channel,
        revision=row.revision,
        reason=row.reason,
        severity=row.severity,
        title=row.title,
        text=row.text,
        created_at=row.created_at,
        state=MessageState(row.state),
        attempts=row.attempts,
        next_try_at=row.next_try_at,
        error=row.error,
        sent_at=row.sent_at,
    )


def _values(row: NotificationRow) -> dict[str, object]:
    return {
        "id": row.id,
        "incident_id": row.incident,
        "channel": row.channel,
        "revision": row.revision,
        "reason": row.reason,
        "severity": row.severity,
        "title": row.title,
        "text": row.text,
        "state": row.state,
        "attempts": row.attempts,
        "next_try_at": row.next_try_at,
        "error": row.error,
        "created_at": row.created_at,
        "sent_at": row.sent_at,
    }
