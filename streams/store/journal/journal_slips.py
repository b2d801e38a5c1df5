"""Undos asked for outside the console: they wait here until a running service takes them."""

from typing import Any

from msgspec import Struct
from sqlalchemy import Row, insert, select, update

from streams.store.database import reading, writing
from streams.store.journal.journal_part import JournalPart
from streams.store.tables_journal import OrderSlipTable

NAME = 64
NOTE = 1_000


class OrderSlip(Struct, frozen=True, kw_only=True):
    """One order; `done` is whether it was in time, None while nobody has said so."""

    id: int
    action: str
    by: str
    note: str
    at: int
    taken_by: str | None
    done: bool | None


class SlipsJournal(JournalPart):
    """Orders from a command line to whichever service is at work."""

    def put(self, action_id: str, by: str, note: str, *, now: int) -> int:
        """Ask for an action to be undone; the order's id."""
        values = {"action_id": action_id, "by": by[:NAME], "note": note.strip()[:NOTE], "at": now}
        with writing(self._engine) as connection:
            made = insert(OrderSlipTable).values(values).returning(OrderSlipTable.id)
            return int(connection.execute(made).scalar_one())

    def waiting(self) -> list[OrderSlip]:
        """Those that nobody has taken, oldest first."""
        table = OrderSlipTable
        with reading(self._engine) as connection:
            query = select(table.__table__).where(table.taken_by.is_(None)).order_by(table.id)
            return [slip_of(row) for row in connection.execute(query)]

    def take(self, slip_id: int, owner: str) -> bool:
        """Carry it out from here on; False if somebody else does, or it was withdrawn."""
        table = OrderSlipTable
        with writing(self._engine) as connection:
            free = update(table).where(table.id == slip_id, table.taken_by.is_(None))
            return connection.execute(free.values(taken_by=owner)).rowcount == 1

    def finish(self, slip_id: int, *, done: bool) -> None:
        """Say whether it was in time."""
        with writing(self._engine) as connection:
            connection.execute(update(OrderSlipTable).where(OrderSlipTable.id == slip_id).values(done=done))

    def find(self, slip_id: int) -> OrderSlip | None:
        """One order."""
        with reading(self._engine) as connection:
            query = select(OrderSlipTable.__table__).where(OrderSlipTable.id == slip_id)
            row = connection.execute(query).one_or_none()
            return slip_of(row) if row is not None else None


def slip_of(row: Row[Any]) -> OrderSlip:
    """A frozen copy."""
    return OrderSlip(
        id=row.id, action=row.action_id, by=row.by, note=row.note, at=row.at, taken_by=row.taken_by, done=row.done
    )
