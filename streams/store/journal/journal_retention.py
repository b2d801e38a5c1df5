"""Removes what is old and over."""

from sqlalchemy import delete, exists, select

from detector.contract.lifecycle import UNFINISHED
from detector.contract.vocabulary import Status
from streams.store.database import writing
from streams.store.journal.journal_part import JournalPart
from streams.store.tables_journal import (
    ActionTable,
    DecisionTable,
    DetectionTable,
    IncidentDetectionTable,
    IncidentTable,
    RemarkTable,
    VerdictTable,
)

CHUNK = 500


class RetentionJournal(JournalPart):
    """How long the journal remembers."""

    def forget(self, before: int) -> int:
        """Remove closed and merged incidents last changed before `before`, with all that belongs to them.

        An incident with something still to be undone stays. Detections of no incident go by their own age.
        Returns how many incidents went.
        """
        forgotten = 0
        while removed := self._forget_some(before):
            forgotten += removed
        linked = exists().where(IncidentDetectionTable.detection_id == DetectionTable.id)
        with writing(self._engine) as connection:
            connection.execute(delete(DetectionTable).where(DetectionTable.at < before, ~linked))
            connection.execute(delete(VerdictTable).where(VerdictTable.at < before))
        return forgotten

    def _forget_some(self, before: int) -> int:
        """At most `CHUNK` incidents, so that writers do not wait long."""
        stands = exists().where(
            ActionTable.incident_id == IncidentTable.id,
            ActionTable.until.is_not(None),
            ActionTable.state.in_(UNFINISHED),
        )
        old = select(IncidentTable.id).where(
            IncidentTable.status.in_([Status.CLOSED, Status.MERGED]), IncidentTable.at < before, ~stands
        )
        with writing(self._engine) as connection:
            ids = list(connection.execute(old.limit(CHUNK)).scalars())
            connection.execute(delete(DecisionTable).where(DecisionTable.incident_id.in_(ids)))
            connection.execute(delete(RemarkTable).where(RemarkTable.incident_id.in_(ids)))
            connection.execute(delete(IncidentTable).where(IncidentTable.id.in_(ids)))
        return len(ids)
