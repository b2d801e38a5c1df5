"""How much of everything stands in the journal."""

from msgspec import Struct
from sqlalchemy import func, select

from streams.store.database import reading
from streams.store.journal.journal_part import JournalPart
from streams.store.tables_journal import ActionTable, IncidentTable, NotificationTable


class JournalTally(Struct, frozen=True):
    """Incidents by status, actions by kind and state, notifications by state."""

    incidents: dict[str, int]
    actions: dict[tuple[str, str], int]
    notifications: dict[str, int]


class TalliesJournal(JournalPart):
    """Counts for those who watch over us."""

    def count(self) -> JournalTally:
        """All of it, from one snapshot."""
        incident, action, notification = IncidentTable, ActionTable, NotificationTable
        with reading(self._engine) as connection:
            incidents = connection.execute(select(incident.status, func.count()).group_by(incident.status)).all()
            actions = connection.execute(
                select(action.kind, action.state, func.count()).group_by(action.kind, action.state)
            ).all()
            told = connection.execute(select(notification.state, func.count()).group_by(notification.state)).all()
        return JournalTally(
            {row[0]: row[1] for row in incidents},
            {(row[0], row[1]): row[2] for row in actions},
            {row[0]: row[1] for row in told},
        )
