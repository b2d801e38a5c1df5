"""Moments that only go forward, whatever the clocks of processes do: each is later than all that were given out."""

from sqlalchemy import Engine, case

from streams.store.database import insert_into, writing
from streams.store.tables_stream import CounterTable


def next_moment(engine: Engine, name: str, now: int) -> int:
    """`now` in microseconds, or right after the last moment of this name where that is later."""
    row = insert_into(engine, CounterTable).values(name=name, value=now)
    later = case((CounterTable.value >= row.excluded.value, CounterTable.value + 1), else_=row.excluded.value)
    with writing(engine) as connection:
        given = row.on_conflict_do_update(index_elements=["name"], set_={"value": later}).returning(CounterTable.value)
        return int(connection.execute(given).scalar_one())
