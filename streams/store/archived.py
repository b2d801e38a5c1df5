"""How far the log is archived: kept beside the log, so that the two are never apart."""

from secrets import randbits

from sqlalchemy import Engine, func, select, update

from streams.store.database import insert_into, reading, writing
from streams.store.tables_stream import CounterTable, LogTable

POSITION, NAME = "archived", "archived_log"
NAME_BITS = 62


class Archived:
    """`offset` is the last one that is in the archive. `log` tells this log from any other in the same archive."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with writing(engine) as connection:
            oldest = connection.execute(select(func.min(LogTable.offset))).scalar_one()
            last = connection.execute(select(CounterTable.value).where(CounterTable.name == "log")).scalar_one()
            cut = last if oldest is None else oldest - 1
            for name, value in ((POSITION, cut), (NAME, randbits(NAME_BITS))):
                new = insert_into(engine, CounterTable).values(name=name, value=value)
                connection.execute(new.on_conflict_do_nothing())
        self.offset = max(cut, self._counted(POSITION))  # what was cut while there was no archive is not in it
        self.log = f"{self._counted(NAME):x}"

    def advance(self, offset: int) -> None:
        """All up to `offset` is in the archive."""
        with writing(self._engine) as connection:
            connection.execute(update(CounterTable).where(CounterTable.name == POSITION).values(value=offset))
        self.offset = offset

    def _counted(self, name: str) -> int:
        with reading(self._engine) as connection:
            return connection.execute(select(CounterTable.value).where(CounterTable.name == name)).scalar_one()
