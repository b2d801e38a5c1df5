"""Which gateway may speak to which PBX: leases by the database's clock, each with a number that fences older owners."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, tuple_, update

from detector.contract.vocabulary import MessageState
from streams.store.database import database_now, insert_into, reading, writing
from streams.store.journal.journal_part import JournalPart
from streams.store.rows import PbxSession
from streams.store.store_errors import Fenced
from streams.store.tables_journal import (
    ActionTable,
    GatewayTable,
    IncidentTable,
    NotificationTable,
    PbxSessionTable,
)

SECOND = 1_000_000


class LeasesJournal(JournalPart):
    """Leases of PBXs, and what outlives their owners."""

    def attend(self, gateway: str, pbxs: Collection[str], seconds: float) -> int:
        """Say that a gateway is at work and which PBXs there are; how many gateways are at work now."""
        now = database_now(self._engine)
        here = insert_into(self._engine, GatewayTable).values(name=gateway, until=now + int(seconds * SECOND))
        known = insert_into(self._engine, PbxSessionTable).on_conflict_do_nothing()
        with writing(self._engine) as connection:
            connection.execute(delete(GatewayTable).where(GatewayTable.until < now))
            connection.execute(here.on_conflict_do_update(index_elements=["name"], set_={"until": here.excluded.until}))
            there = set(connection.execute(select(PbxSessionTable.pbx)).scalars())
            if new := [pbx for pbx in pbxs if pbx not in there]:
                connection.execute(known, [{"pbx": pbx, "fence": 0, "until": 0} for pbx in sorted(new)])
            return int(connection.execute(select(func.count()).select_from(GatewayTable)).scalar_one())

    def at_work(self) -> int:
        """How many gateways are at work now."""
        query = select(func.count()).select_from(GatewayTable).where(GatewayTable.until >= database_now(self._engine))
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def depart(self, gateway: str) -> None:
        """A gateway ends: what it held is free at once."""
        theirs = update(PbxSessionTable).where(PbxSessionTable.owner == gateway)
        with writing(self._engine) as connection:
            connection.execute(delete(GatewayTable).where(GatewayTable.name == gateway))
            connection.execute(theirs.values(owner=None, until=0))

    def renew(self, gateway: str, held: Mapping[str, int], seconds: float) -> set[str]:
        """Prolong the leases `held` (PBX to fence); those that are still ours, even if they had run out meanwhile."""
        table = PbxSessionTable
        ours = update(table).where(table.owner == gateway, tuple_(table.pbx, table.fence).in_(list(held.items())))
        longer = ours.values(until=database_now(self._engine) + int(seconds * SECOND)).returning(table.pbx)
        if not held:
            return set()
        with writing(self._engine) as connection:
            return set(connection.execute(longer).scalars())

    def take(self, gateway: str, pbxs: Collection[str], seconds: float, most: int) -> dict[str, int]:
        """Lease up to `most` free PBXs of `pbxs`; each with its fence, which no earlier owner had.

        What earlier owners were doing is anybody's from then on: leases of actions on these PBXs end, and of messages
        they were sending nobody knows whether they went out.
        """
        table, now = PbxSessionTable, database_now(self._engine)
        free = (
            select(table.pbx)
            .where(table.pbx.in_(list(pbxs)), table.until < now)
            .order_by(table.pbx)
            .limit(max(most, 0))
            .with_for_update(skip_locked=True)
        )
        with writing(self._engine) as connection:
            names = list(connection.execute(free).scalars())
            if not names:
                return {}
            taken = update(table).where(table.pbx.in_(names)).returning(table.pbx, table.fence)
            rows = connection.execute(
                taken.values(owner=gateway, fence=table.fence + 1, until=now + int(seconds * SECOND))
            ).all()
            _orphan(connection, names)
            return {row.pbx: row.fence for row in rows}

    def give_up(self, gateway: str, pbx: str, fence: int) -> None:
        """Leave a PBX to others at once, if it is still ours."""
        ours = update(PbxSessionTable).where(*_owned(gateway, pbx, fence))
        with writing(self._engine) as connection:
            connection.execute(ours.values(owner=None, until=0))

    def login(self, pbx: str) -> bytes | None:
        """What the last owner left of its login, sealed."""
        query = select(PbxSessionTable.login).where(PbxSessionTable.pbx == pbx)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def save_login(self, gateway: str, pbx: str, fence: int, login: bytes) -> None:
        """Keep it, sealed, for whoever comes next. Raises `Fenced` if the PBX is not ours any more."""
        kept = update(PbxSessionTable).where(*_owned(gateway, pbx, fence)).values(login=login)
        with writing(self._engine) as connection:
            if connection.execute(kept).rowcount != 1:
                raise Fenced(f"PBX {pbx} belongs to another gateway by now")

    def status(self, pbx: str) -> bytes | None:
        """What was last said of how the PBX is doing."""
        query = select(PbxSessionTable.status).where(PbxSessionTable.pbx == pbx)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def save_statuses(self, gateway: str, statuses: Mapping[str, tuple[int, bytes]]) -> None:
        """Say how PBXs are doing: PBX to fence and status. Those that are not ours any more are passed over."""
        table = PbxSessionTable
        ours = (table.pbx == bindparam("of"), table.owner == gateway, table.fence == bindparam("since"))
        told = update(table).where(*ours).values(status=bindparam("told"))
        rows = [{"of": pbx, "since": fence, "told": status} for pbx, (fence, status) in sorted(statuses.items())]
        if rows:
            with writing(self._engine) as connection:
                connection.execute(told, rows)

    def all(self) -> list[PbxSession]:
        """All PBXs that any gateway knows, by name."""
        table = PbxSessionTable
        held: ColumnElement[bool] = table.until >= database_now(self._engine)
        query = select(table.pbx, table.owner, table.fence, held.label("held"), table.status).order_by(table.pbx)
        with reading(self._engine) as connection:
            return [
                PbxSession(pbx=row.pbx, owner=row.owner, fence=row.fence, held=bool(row.held), status=row.status)
                for row in connection.execute(query)
            ]


def _orphan(connection: Connection, pbxs: Sequence[str]) -> None:
    """What was being done to these PBXs, or told of them, is nobody's."""
    free = {"lease_owner": None, "lease_until": None}
    actions = update(ActionTable).where(ActionTable.pbx.in_(pbxs), ActionTable.lease_owner.is_not(None))
    connection.execute(actions.values(free))
    incidents = select(IncidentTable.id).where(IncidentTable.pbx.in_(pbxs))
    sending = update(NotificationTable).where(
        NotificationTable.state == MessageState.SENDING, NotificationTable.incident_id.in_(incidents)
    )
    connection.execute(sending.values(state=MessageState.INTERRUPTED, **free))


def _owned(gateway: str, pbx: str, fence: int) -> tuple[ColumnElement[bool], ...]:
    table = PbxSessionTable
    return table.pbx == pbx, table.owner == gateway, table.fence == fence
