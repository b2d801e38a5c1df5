"""Checkpoints that know which log they were made from."""

from collections.abc import Iterator, Mapping

from streams.kafka.topiclog import LogChangedError
from streams.store.checkpoints import Checkpoint, Checkpoints

LOG_PAGE = "log"


class LogCheckpoints:
    """`Checkpoints` with the topic's id as one page more, so that memory of another topic's offsets is never used."""

    def __init__(self, checkpoints: Checkpoints, identity: str) -> None:
        self._checkpoints = checkpoints
        self._identity = identity.encode()
        self._noted: set[int] = set()

    def claim(self, partition: int) -> int:
        """Raise the partition's epoch by 1 and return it."""
        return self._checkpoints.claim(partition)

    def load(self, partition: int) -> Checkpoint:
        """The newest checkpoint. Its pages raise `LogChangedError` when they come of another log."""
        checkpoint = self._checkpoints.load(partition)
        return Checkpoint(checkpoint.offset, self._pages(partition, checkpoint.pages))

    def save(self, partition: int, epoch: int, offset: int, pages: Mapping[str, bytes | None]) -> None:
        """Change `pages` and the offset together, and the first time note which log they are of."""
        if partition not in self._noted:
            pages = {**pages, LOG_PAGE: self._identity}
        self._checkpoints.save(partition, epoch, offset, pages)
        self._noted.add(partition)

    def _pages(self, partition: int, pages: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        for key, value in pages:
            if key != LOG_PAGE:
                yield key, value
            elif value != self._identity:
                raise LogChangedError(
                    f"the topic was deleted and made anew since the checkpoint of partition {partition}: memory and "
                    "log do not belong together. Empty the tables page and partition to start afresh"
                )
