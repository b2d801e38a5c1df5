"""Judges one Kafka record: what of it is to be applied here, what belongs elsewhere, what nobody can use."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec
from msgspec import Raw, Struct

from detector.contract.codec import Codec, Rejected, reject
from detector.contract.events import EVERY_PBX, AnyEvent, Control, Unknown
from streams.kafka.seal import Headers

NAMES = 65_536


class Foreign(Struct, frozen=True):
    """Bytes that belong to the partition of `pbx`."""

    pbx: str
    value: bytes
    headers: Headers


class Judged(Struct, frozen=True):
    """One record taken apart: `events` are applied here in their order."""

    events: Sequence[AnyEvent | Unknown]
    foreign: Sequence[Foreign] = ()
    rejected: Sequence[Rejected] = ()


class Judge:
    """Takes records apart. `partition_of` a PBX is fixed for good; `sealed` says whether we wrote a value ourselves."""

    def __init__(self, partition_of: Callable[[str], int], sealed: Callable[[bytes, Headers], bool]) -> None:
        self._partition_of = lru_cache(NAMES)(partition_of)
        self._sealed = sealed
        self._ours, self._theirs = Codec(trusted=True), Codec()
        self._raws = msgspec.json.Decoder(list[Raw])

    def judge(self, partition: int, value: bytes | None, headers: Headers) -> Judged:
        """What to do with a record of `partition`."""
        if not value:
            return Judged((), rejected=(Rejected(reason="an empty value"),))
        sealed = bool(headers) and self._sealed(value, headers)
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
        return self._parted(partition, value, headers if sealed else (), records, Judged(events, (), rejected))

    def _parted(self, partition: int, value: bytes, seal: Headers, records: Sequence[AnyEvent | Unknown | Rejected],
                own: Judged) -> Judged:  # fmt: skip
        """A sealed value goes on as it is, or not at all; of any other one each event goes where it belongs."""
        whole = len(records) == 1
        if seal and not whole:
            return Judged((), rejected=(reject("a sealed value with events of several partitions", value),))
        raws = [value] if whole else [bytes(raw) for raw in self._raws.decode(value)]
        foreign = [
            Foreign(record.pbx, raw, seal)
            for record, raw in zip(records, raws, strict=True)
            if not isinstance(record, Rejected)
            and self._partition_of(record.pbx) != partition and not is_for_all(record)
        ]  # fmt: skip
        return Judged(own.events, foreign, own.rejected)


def is_for_all(event: AnyEvent | Unknown) -> bool:
    """Whether it stands in every partition."""
    return type(event) is Control and event.pbx == EVERY_PBX
