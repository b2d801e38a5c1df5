"""What keeps Ringfence from acting by itself: stops, mutes, rules that fell back, and what was done this hour."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Row, Select, func, insert, or_, select, update

from detector.contract.findings import Detection
from detector.contract.lifecycle import SPENDS
from detector.contract.vocabulary import Act, State
from detector.decide.brakes import Brake, BrakeKind, Ground
from streams.store.database import reading, writing
from streams.store.journal.journal_part import JournalPart
from streams.store.tables_journal import (
    ActionHistoryTable,
    ActionTable,
    BrakeTable,
    DetectionTable,
    IncidentDetectionTable,
)

NAME = 64
REASON = 1_000
SCOPE = 256
MOST_GROUNDS = 500
DETECTION = msgspec.json.Decoder(Detection)


class BrakesJournal(JournalPart):
    """Brakes are ended, never removed: who put one, why, and who took it away stays to be read."""

    def put(
        self,
        kind: BrakeKind,
        *,
        by: str,
        reason: str,
        now: int,
        pbx: str = "",
        rule: str = "",
        subject: str = "",
        until: int | None = None,
    ) -> Brake:
        """Brake from now on; an empty `pbx`, `rule` or `subject` is any. Raises ValueError without a reason."""
        if not reason.strip():
            raise ValueError("a brake needs a reason")
        values: dict[str, Any] = {
            "kind": kind, "pbx": pbx[:SCOPE], "rule": rule[:SCOPE], "subject": subject[:SCOPE],
            "reason": reason.strip()[:REASON], "by": by[:NAME], "at": now, "until": until,
        }  # fmt: skip
        with writing(self._engine) as connection:
            made = insert(BrakeTable).values(values).returning(BrakeTable.__table__)
            return brake_of(connection.execute(made).one())

    def end(self, brake_id: int, by: str, *, now: int) -> bool:
        """Take a brake away; False if it is gone already, or there is none."""
        table = BrakeTable
        ended = update(table).where(table.id == brake_id, table.ended_at.is_(None))
        ended = ended.where(or_(table.until.is_(None), table.until > now))
        with writing(self._engine) as connection:
            return connection.execute(ended.values(ended_by=by[:NAME], ended_at=now)).rowcount == 1

    def in_force(self, now: int) -> list[Brake]:
        """Those that hold at `now`, oldest first."""
        table = BrakeTable
        query = select(table.__table__).where(table.ended_at.is_(None), or_(table.until.is_(None), table.until > now))
        return self._read(query.order_by(table.id))

    def newest(self, limit: int) -> list[Brake]:
        """The newest, whether they hold or not, newest first."""
        return self._read(select(BrakeTable.__table__).order_by(BrakeTable.id.desc()).limit(limit))

    def grounds(self, detections: Collection[str]) -> list[Ground]:
        """Rule and subject of each of these detections that is known here."""
        query = select(DetectionTable.body).where(DetectionTable.id.in_(list(detections)))
        return self._grounds(query)

    def grounds_of(self, incident_id: str) -> list[Ground]:
        """Rule and subject of each detection of an incident, each once."""
        link = IncidentDetectionTable
        query = select(DetectionTable.body).join(link, link.detection_id == DetectionTable.id)
        return self._grounds(query.where(link.incident_id == incident_id))

    def done_since(self, pbx: str, act: Act, since: int, but: str) -> int:
        """How many actions of a kind were done to a PBX after `since`, whatever came of them, without the one `but`."""
        table = ActionTable
        query = select(func.count()).where(
            table.pbx == pbx, table.kind == act, table.created_at > since, table.id != but, table.state.in_(SPENDS)
        )
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def approved_by(self, action_id: str) -> str | None:
        """Who approved an action the last time, policy or a person."""
        table = ActionHistoryTable
        query = select(table.by).where(table.action_id == action_id, table.state == State.APPROVED)
        with reading(self._engine) as connection:
            return connection.execute(query.order_by(table.n.desc()).limit(1)).scalar_one_or_none()

    def _grounds(self, query: Select[Any]) -> list[Ground]:
        with reading(self._engine) as connection:
            bodies = connection.execute(query.limit(MOST_GROUNDS)).scalars()
            found = [DETECTION.decode(body) for body in bodies]
        return list(dict.fromkeys(Ground(one.rule, one.subject.id) for one in found))

    def _read(self, query: Select[Any]) -> list[Brake]:
        with reading(self._engine) as connection:
            return [brake_of(row) for row in connection.execute(query)]


def brake_of(row: Row[Any]) -> Brake:
    """A frozen copy."""
    return Brake(
        id=row.id, kind=BrakeKind(row.kind), pbx=row.pbx, rule=row.rule, subject=row.subject, reason=row.reason,
        by=row.by, at=row.at, until=row.until, ended_by=row.ended_by, ended_at=row.ended_at,
    )  # fmt: skip
