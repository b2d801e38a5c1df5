"""Events on their way into the log, who waits for them, and the records that many of them make."""

import asyncio
from collections.abc import Iterator, Sequence

from msgspec import Struct

from detector.contract.events import AnyEvent
from streams.kafka.connecting import key_of
from streams.kafka.write.folding import Attempt
from streams.kafka.write.spool import Entry

BATCH = 500
BATCH_BYTES = 256 * 1024


class Receipt:
    """What one `put` waits for: that each of its items is durable."""

    def __init__(self, items: int) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = items

    def durable(self) -> None:
        """One more item is."""
        self._left -= 1
        if not self._left and not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BaseException) -> None:
        """They will not be."""
        if not self.done.done():
            self.done.set_exception(error)
            self.done.exception()  # its waiter may be gone


class Item(Struct, frozen=True):
    """One record on its way, as it will stand in the log, and who waits for it; `event` None is never folded."""

    key: str
    raw: bytes
    event: AnyEvent | None = None
    sealed: bool = False
    receipts: tuple[Receipt, ...] = ()

    @property
    def address(self) -> tuple[str, str] | None:
        """The PBX and who is at its other end."""
        source = getattr(self.event, "source_ip", None)
        return (self.key, source) if source else None


def settle(items: Sequence[Item]) -> None:
    """Tell who waits for them that they are durable."""
    for item in items:
        for receipt in item.receipts:
            receipt.durable()


def attempts(items: Sequence[Item]) -> list[Attempt]:
    """The events of items that `Floods` has found too many."""
    return [item.event for item in items if isinstance(item.event, Attempt)]


def entries_of(items: Sequence[Item]) -> Iterator[Entry]:
    """Records of many items each, in order; what is sealed stands alone."""
    batch: list[Item] = []
    size = 0
    for item in items:
        if batch and (item.sealed or batch[0].sealed or len(batch) >= BATCH or size + len(item.raw) > BATCH_BYTES):
            yield entry_of(batch)
            batch, size = [], 0
        batch.append(item)
        size += len(item.raw)
    if batch:
        yield entry_of(batch)


def entry_of(items: Sequence[Item]) -> Entry:
    """One record: an object, or an array of objects, with the key of the first."""
    first = items[0]
    value = first.raw if len(items) == 1 else b"[" + b",".join(item.raw for item in items) + b"]"
    return Entry(key_of(first.key), value, first.sealed)
