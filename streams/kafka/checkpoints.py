"""Checkpoints that know which log they were made from."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Engine, select

from streams.kafka.topiclog import LogChangedError
from streams.store.checkpoints import Checkpoint, SqlCheckpoints
from streams.store.database import reading
from streams.store.tables_stream import Page, Partition

LOG_PAGE = "log"


class LogCheckpoints(SqlCheckpoints):
    """Each partition has the topic's id as one page more, so that memory of another topic's offsets is never used."""

    def __init__(self, database: Engine, identity: str) -> None:
        super().__init__(database)
        self._database = database
        self._identity = identity.encode()
        self._noted: set[int] = set()

    def verify(self) -> None:
        """Raises `LogChangedError` when there are checkpoints of another log."""
        with reading(self._database) as connection:
            for (of,) in connection.execute(select(Page.value).where(Page.key == LOG_PAGE.encode()).distinct()):
                if of != self._identity:
                    raise LogChangedError(
                        "the topic was deleted and made anew since the last checkpoint: memory and log do not belong "
                        "together. Empty the tables page and partition to start afresh"
                    )

    def offsets(self) -> dict[int, int]:
        """How far each partition that anybody ever worked on is saved."""
        with reading(self._database) as connection:
            rows = connection.execute(select(Partition.partition, Partition.offset)).all()
        return {row.partition: max(row.offset, 0) for row in rows}

    def load(self, partition: int) -> Checkpoint:
        """The newest checkpoint, without the page that is ours."""
        checkpoint = super().load(partition)
        return Checkpoint(checkpoint.offset, without(LOG_PAGE, checkpoint.pages))

    def save(self, partition: int, epoch: int, offset: int, pages: Mapping[str, bytes | None]) -> None:
        """Change `pages` and the offset together, and the first time note which log they are of."""
        if partition not in self._noted:
            pages = {**pages, LOG_PAGE: self._identity}
        super().save(partition, epoch, offset, pages)
        self._noted.add(partition)


def without(key: str, pages: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """All other pages."""
    return ((name, value) for name, value in pages if name != key)
