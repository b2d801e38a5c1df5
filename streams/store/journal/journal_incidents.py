"""Incidents and what belongs to them, as people read them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, and_, case, func, or_, select

from detector.contract.findings import Decision, Detection, Incident
from detector.contract.lifecycle import LEFT, UNDELIVERED
from detector.contract.vocabulary import MessageState, State, Status
from streams.store.database import reading
from streams.store.journal.journal_changes import DECISION, action_rows, actions_query, history_row
from streams.store.journal.journal_notifications import notification_row, notifications_query
from streams.store.journal.journal_part import JournalPart
from streams.store.journal.journal_remarks import remark_row
from streams.store.rows import (
    ActionRow,
    Failures,
    HistoryRow,
    IncidentView,
    NotificationRow,
    RemarkRow,
    WrittenIncident,
)
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

LIVE = (Status.OPEN, Status.CONTAINED)
TRIED_OFTEN = 8
"""After so many attempts a message that still waits counts among what did not work."""
INCIDENT = msgspec.json.Decoder(Incident)
DETECTION = msgspec.json.Decoder(Detection)


class IncidentsJournal(JournalPart):
    """Reads only."""

    def live(self, limit: int, offset: int = 0, pbx: str | None = None) -> list[Incident]:
        """What is not over: open before contained, the gravest first, of two alike the newer."""
        table = IncidentTable
        query = _live(select(table.body), pbx).order_by(
            case((table.status == Status.OPEN, 0), else_=1), table.gravity.desc(), table.opened_at.desc(), table.id
        )
        with reading(self._engine) as connection:
            return [INCIDENT.decode(body) for body in connection.execute(query.limit(limit).offset(offset)).scalars()]

    def count_live(self) -> dict[Status, int]:
        """How many are open and how many contained."""
        query = select(IncidentTable.status, func.count()).where(IncidentTable.status.in_(LIVE))
        with reading(self._engine) as connection:
            rows = connection.execute(query.group_by(IncidentTable.status)).all()
            found = {Status(row[0]): row[1] for row in rows}
        return {status: found.get(status, 0) for status in LIVE}

    def some(self, incident_ids: Collection[str]) -> dict[str, Incident]:
        """These incidents by id, as far as they are known."""
        query = select(IncidentTable.id, IncidentTable.body).where(IncidentTable.id.in_(list(incident_ids)))
        with reading(self._engine) as connection:
            return {row.id: INCIDENT.decode(row.body) for row in connection.execute(query)}

    def gravest_open(self, limit: int, gravity: int, pbxs: Collection[str] | None = None) -> list[str]:
        """The ids of open incidents at least so grave, the gravest first; of `pbxs` only, if given."""
        table = IncidentTable
        query = select(table.id).where(table.status == Status.OPEN, table.gravity >= gravity)
        if pbxs is not None:
            query = query.where(table.pbx.in_(list(pbxs)))
        with reading(self._engine) as connection:
            return list(connection.execute(query.order_by(table.gravity.desc(), table.id).limit(limit)).scalars())

    def written(self, since: int, pbxs: Collection[str] | None = None) -> list[WrittenIncident]:
        """Incidents written at `since` or later, by the database's clock, in the order of that.

        One whose transaction ends later may still come with an earlier time: look back a little.
        """
        table = IncidentTable
        query = select(table.id, table.revision, table.written, table.gravity).where(table.written >= since)
        if pbxs is not None:
            query = query.where(table.pbx.in_(list(pbxs)))
        with reading(self._engine) as connection:
            return [WrittenIncident(*row) for row in connection.execute(query.order_by(table.written))]

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

    def pbxs_with(self, *statuses: Status) -> list[str]:
        """The PBXs that have incidents of these statuses, by name."""
        query = select(IncidentTable.pbx).where(IncidentTable.status.in_(statuses)).distinct()
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

    def failures(self, since: int, limit: int = 100) -> Failures:
        """Actions and messages that did not work and that somebody has yet to deal with, newest first.

        What failed counts while its incident is live, what still stands wrongly in any case; a message about no
        incident counts from `since` on.
        """
        action, message = ActionTable, NotificationTable
        live = _live(select(IncidentTable.id))
        broken = actions_query().where(
            or_(action.state.in_(LEFT), and_(action.state == State.FAILED, action.incident_id.in_(live)))
        )
        waiting = and_(message.state == MessageState.PENDING, message.attempts >= TRIED_OFTEN)
        untold = notifications_query().where(
            or_(message.state.in_(UNDELIVERED), waiting),
            or_(message.incident_id.in_(live), and_(message.incident_id.is_(None), message.created_at > since)),
        )
        newest = broken.order_by(action.created_at.desc(), action.id).limit(limit)
        messages = untold.order_by(None).order_by(message.created_at.desc()).limit(limit)
        with reading(self._engine) as connection:
            actions = list(action_rows(connection, newest))
            return Failures(
                actions=actions, notifications=[notification_row(row) for row in connection.execute(messages)]
            )


def _live(query: Select[Any], pbx: str | None = None) -> Select[Any]:
    """Narrowed to what is not over."""
    narrowed = query.where(IncidentTable.status.in_(LIVE))
    return narrowed if pbx is None else narrowed.where(IncidentTable.pbx == pbx)


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
