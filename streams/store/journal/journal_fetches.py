"""Which firewall has fetched which list of blocked addresses: only then can it keep anybody out."""

from collections.abc import Iterable

from sqlalchemy import delete, select, update

from detector.contract.lifecycle import TOUCHED
from detector.contract.vocabulary import Act
from streams.store.database import insert_into, reading, writing
from streams.store.journal.journal_part import JournalPart
from streams.store.rows import FetchRow
from streams.store.tables_journal import ActionTable, FeedFetchTable


class FetchesJournal(JournalPart):
    """What firewalls have, as of their last fetch."""

    def note(self, firewall: str, at: int, listed: Iterable[str]) -> None:
        """A firewall has fetched this list; what waits for that is looked at again at once."""
        table = FeedFetchTable
        row = insert_into(self._engine, table).values(firewall=firewall, at=at, listed="\n".join(sorted(listed)))
        newest = {"at": row.excluded.at, "listed": row.excluded.listed}
        fetched = row.on_conflict_do_update(
            index_elements=["firewall"], set_=newest, where=table.at <= row.excluded.at
        )  # fmt: skip
        waiting = update(ActionTable).where(
            ActionTable.kind == Act.BLOCK_IP, ActionTable.waits, ActionTable.state.in_(TOUCHED)
        )
        with writing(self._engine) as connection:
            connection.execute(fetched)
            connection.execute(waiting.values(next_try_at=None))

    def all(self) -> list[FetchRow]:
        """Every firewall that has ever fetched it, by name."""
        query = select(FeedFetchTable.__table__).order_by(FeedFetchTable.firewall)
        with reading(self._engine) as connection:
            return [
                FetchRow(firewall=row.firewall, at=row.at, listed=frozenset(row.listed.split()))
                for row in connection.execute(query)
            ]

    def forget(self, before: int) -> None:
        """Firewalls that have fetched nothing since then are gone."""
        with writing(self._engine) as connection:
            connection.execute(delete(FeedFetchTable).where(FeedFetchTable.at < before))
