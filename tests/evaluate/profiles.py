"""The sources through which the same traffic is seen: what a PBX tells of it, and not what there is to tell."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from detector.contract.events import AnyEvent


class Seen(Struct, frozen=True):
    """Sources of a PBX taken together; without `sources` everything is told that happens."""

    name: str

    def told(self, events: Iterable[AnyEvent]) -> Iterator[AnyEvent]:
        """The events as they are told; what is not told of is left out."""
        yield from events


IDEAL = Seen("everything")
