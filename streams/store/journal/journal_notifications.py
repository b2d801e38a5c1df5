"""The notifier's side of the journal: messages wait, are being sent, and are never sent twice by accident."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, update

from detector.contract.vocabulary import MessageState
from streams.store.database import insert_into, reading, writing
from streams.store.journal.journal_changes import ERROR
from streams.store.journal.journal_part import JournalPart
from streams.store.rows import NotificationRow
from streams.store.tables_journal import IncidentTable, NotificationTable

SECOND = 1_000_000
ABOVE_ALL = 1 << 62
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
        self,
        owner: str,
        now: int,
        lease_seconds: float,
        limit: int,
        pbxs: Collection[str] | None = None,
        channel: str | None = None,
        gravity: int = 0,
    ) -> list[NotificationRow]:
        """Take up to `limit` pending messages that are due; they are `sending` from here on.

        Those about the gravest incident come first, of two alike the older; about none come before all. `channel`
        narrows it to one, `pbxs` to incidents of these PBXs and `gravity` to those at least so grave, and to none.
        """
        table, weight = NotificationTable, func.coalesce(IncidentTable.gravity, ABOVE_ALL)
        query = (
            select(table.id, weight)
            .outerjoin(IncidentTable, IncidentTable.id == table.incident_id)
            .where(*_due(now, channel, pbxs, gravity))
            .order_by(weight.desc(), table.created_at, table.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=table)
        )
        until = now + int(lease_seconds * SECOND)
        with writing(self._engine) as connection:
            weights = {row[0]: row[1] for row in connection.execute(query)}
            if not weights:
                return []
            taken = update(table).where(table.id.in_(weights))
            connection.execute(
                taken.values(
                    state=MessageState.SENDING, attempts=table.attempts + 1, lease_owner=owner, lease_until=until
                )
            )
            rows = connection.execute(notifications_query().where(table.id.in_(weights)))
            found = {row.id: notification_row(row, weights[row.id]) for row in rows}
        return [found[id_] for id_ in weights]

    def count_due(self, now: int, channel: str, pbxs: Collection[str] | None = None, gravity: int = 0) -> int:
        """How many messages could be claimed for this channel."""
        query = select(func.count()).select_from(NotificationTable).where(*_due(now, channel, pbxs, gravity))
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()

    def last_sent(self, channel: str, since: int) -> list[int]:
        """When something was sent to this channel at `since` or later; what went together counts once."""
        table = NotificationTable
        query = select(table.sent_at).where(table.channel == channel, table.sent_at >= since).distinct()
        with reading(self._engine) as connection:
            return sorted(at for at in connection.execute(query).scalars() if at is not None)

    def give_up(self, channels: Collection[str], error: str) -> int:
        """What waits for a channel other than these has failed; how much that was."""
        table = NotificationTable
        lost = update(table).where(table.state == MessageState.PENDING, table.channel.not_in(list(channels)))
        with writing(self._engine) as connection:
            return connection.execute(lost.values(state=MessageState.FAILED, error=error[:ERROR])).rowcount

    def finish(
        self,
        notification_ids: Sequence[str],
        state: MessageState,
        *,
        now: int,
        error: str | None = None,
        next_try_at: int | None = None,
        from_states: Collection[MessageState] = OPEN,
    ) -> int:
        """Say how it went: `sent`, `failed`, `superseded`, or `pending` to try again at `next_try_at`.

        Returns for how many: not for those that are in none of `from_states`.
        """
        if state not in CLOSED:
            raise ValueError(f"a message does not end as {state!r}")
        table = NotificationTable
        ended = update(table).where(table.id.in_(notification_ids), table.state.in_(from_states))
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
            return connection.execute(ended.values(values)).rowcount

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


def _due(now: int, channel: str | None, pbxs: Collection[str] | None, gravity: int) -> Iterator[ColumnElement[bool]]:
    table = NotificationTable
    yield table.state == MessageState.PENDING
    yield func.coalesce(table.next_try_at, 0) <= now
    if channel is not None:
        yield table.channel == channel
    if pbxs is not None or gravity:
        about = select(IncidentTable.id).where(IncidentTable.gravity >= gravity)
        about = about if pbxs is None else about.where(IncidentTable.pbx.in_(list(pbxs)))
        yield or_(table.incident_id.is_(None), table.incident_id.in_(about))


def notifications_query() -> Select[Any]:
    """Messages, oldest first, for `notification_row`."""
    table = NotificationTable
    return select(table.__table__).order_by(table.created_at, table.id)


def notification_row(row: Row[Any], gravity: int = 0) -> NotificationRow:
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
        gravity=gravity,
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
