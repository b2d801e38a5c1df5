"""What people ordered, and why: their words belong to the incident."""

from collections.abc import Collection
from typing import Any, get_args

from sqlalchemy import Connection, Row, func, insert, select

from streams.store.database import reading, writing
from streams.store.journal.journal_part import JournalPart
from streams.store.rows import About, RemarkRow
from streams.store.tables_journal import RemarkTable

NAME = 64
TEXT = 1_000


class RemarksJournal(JournalPart):
    """Who ordered what, when, and what they said."""

    def add(
        self, incident_id: str, *, by: str, about: About, text: str, now: int, action_id: str | None = None
    ) -> None:
        """Keep a remark of at most 1,000 characters with its incident. Raises ValueError for another `about`."""
        with writing(self._engine) as connection:
            keep_remark(connection, incident_id, by=by, about=about, text=text, now=now, action_id=action_id)

    def about(self, incident_ids: list[str], about: About) -> dict[str, RemarkRow]:
        """The last remark of this sort for each of these incidents."""
        query = select(RemarkTable.__table__).where(
            RemarkTable.incident_id.in_(incident_ids), RemarkTable.about == about
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(RemarkTable.id))
            return {row.incident_id: remark_row(row) for row in rows}

    def last(self, incident_ids: Collection[str]) -> dict[str, int]:
        """When a person last did or said something about each of these incidents."""
        table = RemarkTable
        query = select(table.incident_id, func.max(table.at)).where(table.incident_id.in_(list(incident_ids)))
        with reading(self._engine) as connection:
            rows = connection.execute(query.group_by(table.incident_id)).all()
            return {row[0]: row[1] for row in rows}


def keep_remark(
    connection: Connection, incident_id: str, *, by: str, about: About, text: str, now: int, action_id: str | None
) -> None:
    """The same within a transaction, so that an order and what was said to it are kept together or not at all."""
    if about not in get_args(About):
        raise ValueError(f"a remark is not about {about!r}")
    connection.execute(insert(RemarkTable).values(
        incident_id=incident_id, action_id=action_id, at=now, by=by[:NAME], about=about, text=text.strip()[:TEXT]
    ))  # fmt: skip


def remark_row(row: Row[Any]) -> RemarkRow:
    """A frozen copy."""
    return RemarkRow(
        id=row.id, incident=row.incident_id, action=row.action_id, at=row.at, by=row.by, about=row.about, text=row.text
    )
