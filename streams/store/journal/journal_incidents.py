"""Incidents and what belongs to them, as people read them."""

from collections import defaultdict
from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, select

from detector.contract.findings import Decision, Detection, Incident
from detector.contract.lifecycle import BROKEN, UNDELIVERED
from detector.contract.vocabulary import Status
from streams.store.database import reading
from streams.store.journal.journal_changes import DECISION, action_rows, actions_query, history_row, newest_actions
from streams.store.journal.journal_notifications import notification_row, notifications_query
from streams.store.journal.journal_part import JournalPart
from streams.store.journal.journal_remarks import remark_row
from streams.store.rows import ActionRow, Failures, HistoryRow, IncidentView, NotificationRow, RemarkRow
from streams.store.tables_journal import (
    ActionHistoryTable,
    ActionTable,
    DecisionTable,
    DetectionTable,
    IncidentDetectionTable,
    IncidentTable,
    NotificationTable,
    RemarkTable,
)

INCIDENT = msgspec.json.Decoder(Incident)
DETECTION = msgspec.json.Decoder(Detection)


class IncidentsJournal(JournalPart):
    """Reads only."""

    def newest(self, limit: int, status: Status | None = None, pbxs: Collection[str] | None = None) -> list[Incident]:
        """The newest incidents, newest first; of `pbxs` only, if given."""
        query = select(IncidentTable.body).order_by(IncidentTable.opened_at.desc(), IncidentTable.id)
        if status is not None:
            query = query.where(IncidentTable.status == status)
        if pbxs is not None:
            query = query.where(IncidentTable.pbx.in_(list(pbxs)))
        with reading(self._engine) as connection:
            return [INCIDENT.decode(body) for body in connection.execute(query.limit(limit)).scalars()]

    def written(self, since: int, pbxs: Collection[str] | None = None) -> list[tuple[str, int, int]]:
        """Incidents written at `since` or later, as `(id, revision, written)`, by the database's clock.

        One whose transaction ends later may still come with an earlier time: look back a little.
        """
        table = IncidentTable
        query = select(table.id, table.revision, table.written).where(table.written >= since).order_by(table.written)
        if pbxs is not None:
            query = query.where(table.pbx.in_(list(pbxs)))
        with reading(self._engine) as connection:
            return [(row.id, row.revision, row.written) for row in connection.execute(query)]

    def find(self, incident_id: str) -> IncidentView | None:
        """One incident with all that belongs to it."""
        query = select(IncidentTable.body).where(IncidentTable.id == incident_id)
        with reading(self._engine) as connection:
            body = connection.execute(query).scalar_one_or_none()
            if body is None:
                return None
            return IncidentView(
                incident=INCIDENT.decode(body),
                detections=_detections(connection, incident_id),
                decisions=_decisions(connection, incident_id),
                actions=_actions(connection, incident_id),
                history=_history(connection, incident_id),
                notifications=_notifications(connection, incident_id),
                remarks=_remarks(connection, incident_id),
            )

    def each(self, incident_ids: Collection[str]) -> dict[str, Incident]:
        """These incidents, as far as there are such."""
        query = select(IncidentTable.id, IncidentTable.body).where(IncidentTable.id.in_(list(incident_ids)))
        with reading(self._engine) as connection:
            return {row.id: INCIDENT.decode(row.body) for row in connection.execute(query)}

    def closed(self, limit: int, offset: int = 0, pbx: str | None = None) -> list[Incident]:
        """Closed incidents, the one closed last first."""
        query = select(IncidentTable.body).where(IncidentTable.status == Status.CLOSED)
        if pbx is not None:
            query = query.where(IncidentTable.pbx == pbx)
        newest = query.order_by(IncidentTable.at.desc(), IncidentTable.id).limit(limit).offset(offset)
        with reading(self._engine) as connection:
            return [INCIDENT.decode(body) for body in connection.execute(newest).scalars()]

    def closed_pbxs(self) -> list[str]:
        """The PBXs that have closed incidents, by name."""
        query = select(IncidentTable.pbx).where(IncidentTable.status == Status.CLOSED).distinct()
        with reading(self._engine) as connection:
            return sorted(connection.execute(query).scalars())

    def rules(self, incident_ids: Sequence[str]) -> dict[str, set[str]]:
        """The rules that fired in each of these incidents."""
        link = IncidentDetectionTable
        query = (
            select(link.incident_id, DetectionTable.rule)
            .join(DetectionTable, DetectionTable.id == link.detection_id)
            .where(link.incident_id.in_(incident_ids))
            .distinct()
        )
        found: defaultdict[str, set[str]] = defaultdict(set)
        with reading(self._engine) as connection:
            for incident_id, rule in connection.execute(query):
                found[incident_id].add(rule)
        return dict(found)

    def failures(self, limit: int = 100) -> Failures:
        """Actions and messages that did not work."""
        broken = notifications_query().order_by(None).order_by(NotificationTable.created_at.desc())
        query = broken.where(NotificationTable.state.in_(UNDELIVERED)).limit(limit)
        with reading(self._engine) as connection:
            actions = list(action_rows(connection, newest_actions(BROKEN, limit)))
            return Failures(actions=actions, notifications=[notification_row(row) for row in connection.execute(query)])


def _detections(connection: Connection, incident_id: str) -> list[Detection]:
    link = IncidentDetectionTable
    query = (
        select(DetectionTable.body)
        .join(link, link.detection_id == DetectionTable.id)
        .where(link.incident_id == incident_id)
        .order_by(DetectionTable.at, DetectionTable.id)
    )
    return [DETECTION.decode(body) for body in connection.execute(query).scalars()]


def _decisions(connection: Connection, incident_id: str) -> list[Decision]:
    query = (
        select(DecisionTable.body)
        .where(DecisionTable.incident_id == incident_id)
        .order_by(DecisionTable.at, DecisionTable.id)
    )
    return [DECISION.decode(body) for body in connection.execute(query).scalars()]


def _actions(connection: Connection, incident_id: str) -> list[ActionRow]:
    query = actions_query().where(ActionTable.incident_id == incident_id)
    return list(action_rows(connection, query.order_by(ActionTable.created_at, ActionTable.id)))


def _history(connection: Connection, incident_id: str) -> list[HistoryRow]:
    query = (
        select(ActionHistoryTable.__table__)
        .join(ActionTable, ActionTable.id == ActionHistoryTable.action_id)
        .where(ActionTable.incident_id == incident_id)
        .order_by(ActionHistoryTable.seq)
    )
    return [history_row(row) for row in connection.execute(query)]


def _notifications(connection: Connection, incident_id: str) -> list[NotificationRow]:
    query = notifications_query().where(NotificationTable.incident_id == incident_id)
    return [notification_row(row) for row in connection.execute(query)]


def _remarks(connection: Connection, incident_id: str) -> list[RemarkRow]:
    query = select(RemarkTable.__table__).where(RemarkTable.incident_id == incident_id).order_by(RemarkTable.id)
    return [remark_row(row) for row in connection.execute(query)]
