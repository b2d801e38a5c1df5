"""Takes findings into the journal, and turns decisions into actions."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Row, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from detector.contract.codec import to_micros
from detector.contract.findings import AnyFinding, Decision, Detection, Incident
from detector.contract.lifecycle import HELD, UNTOUCHED
from detector.contract.vocabulary import Author, DecisionStatus, Mode, State
from detector.decide.acts import ACTS
from streams.store.database import database_now, insert_into, writing
from streams.store.gravity import weigh
from streams.store.journal.journal_changes import ERROR, change, locked, note
from streams.store.journal.journal_part import JournalPart
from streams.store.tables_journal import (
    ActionTable,
    DecisionTable,
    DetectionTable,
    IncidentDetectionTable,
    IncidentTable,
    RemarkTable,
)

FoundTable = type[IncidentTable] | type[DetectionTable] | type[DecisionTable]
ENCODER = msgspec.json.Encoder()


class FindingsJournal(JournalPart):
    """The side of the journal that workers write."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._detection = _newer(engine, DetectionTable)
        self._incident = _newer(engine, IncidentTable, written=database_now(engine))
        self._decision = _newer(engine, DecisionTable).returning(DecisionTable.id)
        self._link = insert_into(engine, IncidentDetectionTable).on_conflict_do_nothing()

    def record(self, findings: Sequence[AnyFinding]) -> None:
        """Keep findings: a known id is replaced by a higher revision only; all or none.

        A decision of mode `auto` is approved by policy, `ask` requests; what the guard refused is kept as
        refused. A lifted decision is due to be undone, or expires if it was never applied. `action` findings
        are the journal's own and change nothing.
        """
        # several workers may write: in one order, so that none waits for another in a circle
        ordered = sorted(findings, key=lambda finding: (finding.id, finding.revision))
        detections = [finding for finding in ordered if isinstance(finding, Detection)]
        incidents = [finding for finding in ordered if isinstance(finding, Incident)]
        decisions = [finding for finding in ordered if isinstance(finding, Decision)]
        with writing(self._engine) as connection:
            if detections:
                connection.execute(self._detection, [_detection(finding) for finding in detections])
            if incidents:
                self._record_incidents(connection, incidents)
            for decision in decisions:
                if connection.execute(self._decision, _decision(decision)).one_or_none():
                    _follow(connection, decision)

    def _record_incidents(self, connection: Connection, incidents: list[Incident]) -> None:
        connection.execute(self._incident, [_incident(finding) for finding in incidents])
        links = {(incident.id, detection): None for incident in incidents for detection in incident.detections}
        if links:
            rows = [{"incident_id": incident, "detection_id": detection} for incident, detection in links]
            connection.execute(self._link, rows)


def _newer(engine: Engine, table: FoundTable, **reckoned: ColumnElement[int]) -> postgresql.Insert | sqlite.Insert:
    """Takes rows; the database itself reckons the columns `reckoned`."""
    statement = insert_into(engine, table).values(**reckoned) if reckoned else insert_into(engine, table)
    excluded = statement.excluded
    values = {column.name: column for column in excluded if column.name != "id"}
    return statement.on_conflict_do_update(index_elements=["id"], set_=values, where=table.revision < excluded.revision)


def _found(finding: Detection | Incident | Decision) -> dict[str, object]:
    return {
        "id": finding.id,
        "pbx": finding.pbx,
        "tenant": finding.tenant,
        "revision": finding.revision,
        "at": to_micros(finding.at),
        "drill": finding.drill,
        "body": _encoded(finding),
    }


def _incident(incident: Incident) -> dict[str, object]:
    return {
        **_found(incident),
        "opened_at": to_micros(incident.opened_at),
        "status": incident.status,
        "gravity": weigh(incident),
    }


def _detection(detection: Detection) -> dict[str, object]:
    return {**_found(detection), "rule": detection.rule, "severity": detection.severity}


def _decision(decision: Decision) -> dict[str, object]:
    return {
        **_found(decision),
        "incident_id": decision.incident,
        "mode": decision.mode,
        "status": decision.status,
    }


def _encoded(finding: AnyFinding) -> bytes:
    try:
        return ENCODER.encode(finding)
    except UnicodeEncodeError:
        return ENCODER.encode(_storable(msgspec.to_builtins(finding)))


def _storable(value: object) -> object:
    """The same with lone surrogates, which UTF-8 has no bytes for, made visible."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value


def _follow(connection: Connection, decision: Decision) -> None:
    """What a new or newer decision means for its action."""
    row = locked(connection, f"act-{decision.id}")
    at = to_micros(decision.at)
    wanted = _wanted(connection, decision)
    if row is not None and row.incident_id != decision.incident:
        _move(connection, row, decision.incident)
    if decision.status == DecisionStatus.LIFTED:
        if row is not None:
            _lift(connection, row.id, at)
    elif row is None:
        if wanted is not None:
            _create(connection, decision, wanted, at)
    else:
        connection.execute(update(ActionTable).where(ActionTable.id == row.id).values(until=_until(decision)))
        if row.state == State.REQUESTED and wanted is State.APPROVED and not row.drill:
            change(connection, row, State.APPROVED, by=Author.POLICY, at=at)
        elif row.state in UNTOUCHED and wanted is State.REFUSED:
            change(connection, row, State.REFUSED, by=Author.POLICY, at=at, error=decision.refused)


def _move(connection: Connection, row: Row[Any], incident_id: str) -> None:
    """Incidents were merged: the action goes along, with what people said about it."""
    connection.execute(update(ActionTable).where(ActionTable.id == row.id).values(incident_id=incident_id))
    said = update(RemarkTable).where(RemarkTable.incident_id == row.incident_id, RemarkTable.action_id == row.id)
    connection.execute(said.values(incident_id=incident_id))


def _wanted(connection: Connection, decision: Decision) -> State | None:
    """The state a decision's action begins in; None where nothing is to be done."""
    if decision.refused is not None:
        return State.REFUSED
    if decision.mode is Mode.AUTO and not _is_drill(connection, decision):
        return State.APPROVED
    return State.REQUESTED if decision.mode in {Mode.AUTO, Mode.ASK} else None


def _is_drill(connection: Connection, decision: Decision) -> bool:
    query = select(IncidentTable.drill).where(IncidentTable.id == decision.incident)
    return decision.drill or bool(connection.execute(query).scalar_one_or_none())


def _until(decision: Decision) -> int | None:
    return to_micros(decision.until) if ACTS[decision.action].undoable else None


def _create(connection: Connection, decision: Decision, state: State, at: int) -> None:
    action_id = f"act-{decision.id}"
    error = decision.refused and decision.refused[:ERROR]
    connection.execute(
        insert(ActionTable).values(
            id=action_id,
            decision_id=decision.id,
            incident_id=decision.incident,
            pbx=decision.pbx,
            kind=decision.action,
            drill=_is_drill(connection, decision),
            state=state,
            by=Author.POLICY,
            attempt=0,
            changes=1,
            error=error,
            until=_until(decision),
            created_at=at,
        )
    )
    note(connection, action_id, 1, None, state, by=Author.POLICY, at=at, error=error)


def _lift(connection: Connection, action_id: str, at: int) -> None:
    row = locked(connection, action_id)
    assert row is not None
    if row.state in UNTOUCHED:
        change(connection, row, State.EXPIRED, by=Author.POLICY, at=at)
    elif row.state in HELD:
        mine = update(ActionTable).where(ActionTable.id == row.id, ActionTable.undo_by.is_(None))
        connection.execute(mine.values(undo_by=Author.POLICY))  # who asked before stays who asked
