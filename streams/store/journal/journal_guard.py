"""What the guard is told by people and remembers by itself: the allow-list, and addresses of names."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update

from streams.store.database import insert_into, reading, writing
from streams.store.journal.journal_part import JournalPart
from streams.store.rows import AllowRow
from streams.store.tables_guard import AllowTable, KnownAddressTable

MOST_ADDRESSES = 64
"""How many addresses of one name are kept."""
REASON = 1_000
NAME = 64


class GuardJournal(JournalPart):
    """The allow-list of people, and what host names stood for."""

    def allow(self, value: str, *, pbx: str | None, reason: str, by: str, now: int, until: int) -> int:
        """Put a value on the list, of one PBX or of all; returns the entry's number."""
        entry = insert(AllowTable).values(
            pbx=pbx, value=value, reason=reason.strip()[:REASON], by=by[:NAME], at=now, until=until
        )
        with writing(self._engine) as connection:
            return int(connection.execute(entry.returning(AllowTable.id)).scalar_one())

    def disallow(self, entry: int, *, by: str, now: int) -> bool:
        """Take an entry off the list; False if it is on it no more."""
        standing = update(AllowTable).where(
            AllowTable.id == entry, AllowTable.ended_at.is_(None), AllowTable.until > now
        )
        with writing(self._engine) as connection:
            return connection.execute(standing.values(ended_by=by[:NAME], ended_at=now)).rowcount == 1

    def allowed(self, now: int, pbx: str | None = None) -> list[AllowRow]:
        """What is on the list now, oldest first; for one PBX with what holds for all, if one is named."""
        query = select(AllowTable.__table__).where(AllowTable.ended_at.is_(None), AllowTable.until > now)
        if pbx is not None:
            query = query.where(or_(AllowTable.pbx == pbx, AllowTable.pbx.is_(None)))
        with reading(self._engine) as connection:
            return [_allow_row(row) for row in connection.execute(query.order_by(AllowTable.id))]

    def newest(self) -> int:
        """The number of the newest entry, 0 for none: a larger one says that something is allowed anew."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.max(AllowTable.id))).scalar_one() or 0

    def remember(self, name: str, addresses: Iterable[str], now: int, forget_before: int) -> None:
        """Keep what a name stands for; what it stood for stays until `forget_before`, and if there is nothing else."""
        table = KnownAddressTable
        seen = insert_into(self._engine, table)
        seen = seen.on_conflict_do_update(index_elements=["name", "address"], set_={"seen_at": seen.excluded.seen_at})
        rows = [{"name": name, "address": one, "seen_at": now} for one in sorted(set(addresses))[:MOST_ADDRESSES]]
        if not rows:
            return
        with writing(self._engine) as connection:
            connection.execute(seen, rows)
            connection.execute(delete(table).where(table.name == name, table.seen_at < forget_before))

    def remembered(self, names: Iterable[str]) -> dict[str, list[str]]:
        """What these names stood for, as far as anybody knows."""
        table = KnownAddressTable
        found: dict[str, list[str]] = {}
        with reading(self._engine) as connection:
            query = select(table.name, table.address).where(table.name.in_(list(names)))
            for name, address in connection.execute(query.order_by(table.name, table.address)):
                found.setdefault(name, []).append(address)
        return found


def _allow_row(row: Row[Any]) -> AllowRow:
    return AllowRow(id=row.id, pbx=row.pbx, value=row.value, reason=row.reason, by=row.by, at=row.at, until=row.until)
