"""Judges one Kafka record: what of it is to be applied here, what belongs elsewhere, what nobody can use."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec
from msgspec import Raw, Struct

from detector.contract.codec import Codec, Rejected, reject
from detector.contract.events import EVERY_PBX, AnyEvent, Control, Unknown
from streams.kafka.seal import Headers, name_place

NAMES = 65_536


class Foreign(Struct, frozen=True):
    """Bytes that belong to the partition of `pbx`."""

    pbx: str
    value: bytes


class Judged(Struct, frozen=True):
    """One record taken apart: `events` are applied here in their order."""

    events: Sequence[AnyEvent | Unknown]
    foreign: Sequence[Foreign] = ()
    rejected: Sequence[Rejected] = ()


class Judge:
    """Takes records of `topic` apart. `partition_of` a PBX is fixed for good.

    `sealed` says whether we wrote a value ourselves to this place: elsewhere it is somebody's copy.
    """

    def __init__(
        self, partition_of: Callable[[str], int], sealed: Callable[[bytes, Headers, str], bool], topic: str
    ) -> None:
        self._topic = topic
        self._partition_of = lru_cache(NAMES)(partition_of)
        self._sealed = sealed
        self._ours, self._theirs = Codec(trusted=True), Codec()
        self._raws = msgspec.json.Decoder(list[Raw])

    def judge(self, partition: int, value: bytes | None, headers: Headers) -> Judged:
        """What to do with a record of `partition`."""
        if not value:
            return Judged((), rejected=(Rejected(reason="an empty value"),))
        sealed = bool(headers) and self._sealed(value, headers, name_place(self._topic, partition))
        events: list[AnyEvent | Unknown] = []
        rejected: list[Rejected] = []
        foreign = False
        records = (self._ours if sealed else self._theirs).decode(value)
        partition_of = self._partition_of
        for record in records:
            if isinstance(record, Rejected):
                rejected.append(record)
            elif partition_of(record.pbx) == partition or is_for_all(record):
                events.append(record)
            else:
                foreign = True
        if not foreign:
            return Judged(events, (), rejected)
        if sealed:
            return Judged((), rejected=(reject("a sealed value with events of other partitions", value),))
        return self._parted(partition, value, records, Judged(events, (), rejected))

    def _parted(
        self, partition: int, value: bytes, records: Sequence[AnyEvent | Unknown | Rejected], own: Judged
    ) -> Judged:
        """Each event goes where it belongs."""
        raws = [value] if len(records) == 1 else [bytes(raw) for raw in self._raws.decode(value)]
        foreign = [
            Foreign(record.pbx, raw)
            for record, raw in zip(records, raws, strict=True)
            if not isinstance(record, Rejected)
            and self._partition_of(record.pbx) != partition and not is_for_all(record)
        ]  # fmt: skip
        return Judged(own.events, foreign, own.rejected)


def is_for_all(event: AnyEvent | Unknown) -> bool:
    """Whether it stands in every partition."""
    return type(event) is Control and event.pbx == EVERY_PBX
