"""Block lists as they were read, by digest: what the log names must be had again, and a start needs no network."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Engine, Row, delete, select

from streams.store.database import insert_into, reading, writing
from streams.store.tables_stream import ListTable

KEPT = 20
"""Of each list, the newest; what a checkpoint or the log behind it names is among them."""
REFUSED = msgspec.json.Decoder(dict[str, int])


class ListCopy(Struct, frozen=True, kw_only=True):
    """One list as it was read.

    `at`, in microseconds, is when it was made or last said to be what it is; `source` where it came from; `refused`
    how many of its lines are not used, by why; `etag` and `modified` what its server wants to be asked with again.
    """

    digest: str
    name: str
    source: str
    at: int
    networks: tuple[str, ...]
    refused: dict[str, int]
    etag: str | None = None
    modified: str | None = None


class ListCopies:
    """The copies in the database of the stream. Raises `UnavailableError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, copies: Sequence[ListCopy]) -> None:
        """Keep these, and of each list only the newest."""
        with writing(self._engine) as connection:
            for copy in copies:
                row = msgspec.structs.asdict(copy) | {
                    "networks": "\n".join(copy.networks).encode(), "refused": msgspec.json.encode(copy.refused),
                }  # fmt: skip
                connection.execute(insert_into(self._engine, ListTable).values(row).on_conflict_do_nothing())
                kept = select(ListTable.digest).where(ListTable.name == copy.name).order_by(ListTable.at.desc())
                newest = connection.execute(kept.limit(KEPT)).scalars().all()
                connection.execute(
                    delete(ListTable).where(ListTable.name == copy.name, ListTable.digest.not_in(newest))
                )

    def find(self, digest: str) -> ListCopy | None:
        """The list of this digest."""
        with reading(self._engine) as connection:
            row = connection.execute(select(ListTable.__table__).where(ListTable.digest == digest)).one_or_none()
        return None if row is None else copy_of(row)

    def newest(self, name: str, source: str) -> ListCopy | None:
        """A list as it was had last from this source."""
        wanted = select(ListTable.__table__).where(ListTable.name == name, ListTable.source == source)
        with reading(self._engine) as connection:
            row = connection.execute(wanted.order_by(ListTable.at.desc()).limit(1)).one_or_none()
        return None if row is None else copy_of(row)


def copy_of(row: Row[Any]) -> ListCopy:
    """A row as a copy."""
    values = dict(row._mapping)
    return ListCopy(**values | {
        "networks": tuple(values["networks"].decode().split()), "refused": REFUSED.decode(values["refused"]),
    })  # fmt: skip
