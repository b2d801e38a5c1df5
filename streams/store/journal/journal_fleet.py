"""Counts what PBXs saw, and keeps the fleet list that follows from it."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, case, delete, exists, func, or_, select, tuple_, update

from detector.contract.codec import to_micros
from detector.decide.sightings import Sighting
from streams.store.database import insert_into, reading, writing
from streams.store.journal.journal_part import JournalPart
from streams.store.rows import FleetRow
from streams.store.tables_journal import FleetEntryTable, SightingTable

CHUNK = 500
RENEWALS = 4
"""How often within a window an entry that goes on being seen is told again, so that it stays on the list."""

Times = dict[str, tuple[int, int]]


class FleetJournal(JournalPart):
    """The side of the journal that knows of attackers, and not whom they attacked."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        entry = insert_into(engine, FleetEntryTable)
        # the row is locked, made where there was none: nobody else counts this address meanwhile
        self._entry = entry.on_conflict_do_update(
            index_elements=["kind", "id"], set_={"revision": FleetEntryTable.revision}
        ).returning(FleetEntryTable.__table__)
        seen = insert_into(engine, SightingTable)
        new, old = seen.excluded, SightingTable
        self._seen = seen.on_conflict_do_update(
            index_elements=["kind", "id", "pbx"],
            set_={
                "first_at": case((new.first_at < old.first_at, new.first_at), else_=old.first_at),
                "last_at": case((new.last_at > old.last_at, new.last_at), else_=old.last_at),
            },
            where=or_(new.first_at < old.first_at, new.last_at > old.last_at),
        ).returning(SightingTable.id)

    def sight(self, sightings: Iterable[Sighting], now: int, *, pbxs: int, window: int) -> None:
        """Keep what was seen within `window`; what `pbxs` PBXs saw comes on the list. All or none.

        The same sighting again, late or in another order changes nothing. What is on the list is told again when twice
        as many PBXs saw it, and before its time is over if it goes on being seen.
        """
        seen: dict[tuple[str, str], Times] = {}
        for one in sightings:
            at = min(to_micros(one.at), now)
            if at > now - window:
                times = seen.setdefault((one.kind, one.id), {})
                first, last = times.get(one.pbx, (at, at))
                times[one.pbx] = min(first, at), max(last, at)
        with writing(self._engine) as connection:
            for name in sorted(seen):  # in one order, so that no gateway waits for another in a circle
                entry = connection.execute(self._entry, _unlisted(name)).one()
                if [pbx for pbx, times in sorted(seen[name].items()) if self._note(connection, name, pbx, times)]:
                    _judge(connection, entry, now, pbxs, window)

    def _note(self, connection: Connection, name: tuple[str, str], pbx: str, times: tuple[int, int]) -> bool:
        """Whether this was news."""
        kind, id_ = name
        row = {"kind": kind, "id": id_, "pbx": pbx, "first_at": times[0], "last_at": times[1]}
        return connection.execute(self._seen, row).one_or_none() is not None

    def news(self, limit: int, now: int) -> list[FleetRow]:
        """Entries of the list that were not announced yet as they are, those whose time is over first left out."""
        table = FleetEntryTable
        query = select(table.__table__).where(table.announced.is_(False), table.until > now)
        with reading(self._engine) as connection:
            return [fleet_row(row) for row in connection.execute(query.order_by(table.kind, table.id).limit(limit))]

    def announced(self, told: Sequence[FleetRow]) -> None:
        """All have been told these revisions; what has changed since stays news."""
        table = FleetEntryTable
        with writing(self._engine) as connection:
            for one in sorted(told, key=lambda row: (row.kind, row.id)):
                same = and_(table.kind == one.kind, table.id == one.id, table.revision == one.revision)
                connection.execute(update(table).where(same).values(announced=True))

    def forget(self, now: int, *, window: int) -> None:
        """Remove what was last seen before the window, and entries of which nothing is left."""
        table, seen = FleetEntryTable, SightingTable
        key = tuple_(table.kind, table.id)
        with writing(self._engine) as connection:
            connection.execute(delete(seen).where(seen.last_at <= now - window))
        left = exists().where(seen.kind == table.kind, seen.id == table.id)
        old = select(table.kind, table.id).where(table.until <= now, ~left).order_by(table.kind, table.id)
        while True:
            with writing(self._engine) as connection:
                # locked first and then looked at once more: somebody may be counting just now
                names = connection.execute(old.limit(CHUNK).with_for_update(skip_locked=True)).all()
                ids = [tuple(name) for name in names]
                connection.execute(delete(table).where(key.in_(ids), table.until <= now, ~left))
            if len(ids) < CHUNK:
                return


def _unlisted(name: tuple[str, str]) -> dict[str, object]:
    kind, id_ = name
    return {
        "kind": kind, "id": id_, "pbxs": 0, "first_at": 0, "last_at": 0, "until": 0, "revision": 0, "announced": True,
    }  # fmt: skip


def _judge(connection: Connection, entry: Row[Any], now: int, pbxs: int, window: int) -> None:
    """Whether what is known by now of a locked entry is to be told to all."""
    seen, table = SightingTable, FleetEntryTable
    recent = and_(seen.kind == entry.kind, seen.id == entry.id, seen.last_at > now - window)
    count, first, last = connection.execute(
        select(func.count(), func.min(seen.first_at), func.max(seen.last_at)).where(recent)
    ).one()
    if count < pbxs:
        return
    # as long as nobody sees more of it, fewer than `pbxs` remain when the window has left this one behind
    decisive = select(seen.last_at).where(recent).order_by(seen.last_at.desc()).offset(pbxs - 1).limit(1)
    until = connection.execute(decisive).scalar_one() + window
    more = count.bit_length() > entry.pbxs.bit_length()
    longer = until - entry.until >= window // RENEWALS
    if entry.until <= now or more or longer:
        same = and_(table.kind == entry.kind, table.id == entry.id)
        connection.execute(update(table).where(same).values(
            pbxs=count, first_at=first, last_at=last, until=until, revision=entry.revision + 1, announced=False
        ))  # fmt: skip


def fleet_row(row: Row[Any]) -> FleetRow:
    """A frozen copy."""
    return FleetRow(
        kind=row.kind, id=row.id, pbxs=row.pbxs, first_at=row.first_at, last_at=row.last_at, until=row.until,
        revision=row.revision,
    )  # fmt: skip
