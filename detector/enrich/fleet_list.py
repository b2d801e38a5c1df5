"""The fleet list as one partition knows it: what several PBXs saw attack, each entry its own page of a checkpoint."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from detector.contract.codec import to_micros
from detector.contract.events import FleetEntry
from detector.contract.vocabulary import SubjectKind

KINDS = frozenset({SubjectKind.SOURCE_IP, SubjectKind.DESTINATION})
MAX_ENTRIES = 20_000
PREFIX = "fleet\x1f"

Name = tuple[str, str]


class Listed(Struct, frozen=True, gc=False):
    """Seen at so many PBXs, last at `last`; on the list from `since` to before `until`. Times in microseconds."""

    pbxs: int
    last: int
    since: int
    until: int


class FleetEntries:
    """Entries by kind and id. Past `MAX_ENTRIES` those that nobody saw for longest go."""

    __slots__ = ("dirty", "entries")

    def __init__(self) -> None:
        self.entries: dict[Name, Listed] = {}
        self.dirty: set[Name] = set()

    def find(self, kind: SubjectKind, name: str, at: int) -> Listed | None:
        """The entry that holds at `at`."""
        listed = self.entries.get((kind, name))
        return listed if listed is not None and listed.until > at else None

    def take(self, told: Iterable[FleetEntry], at: int) -> None:
        """What was announced at `at`. Said again, or older than what is known, it changes nothing."""
        for entry in told:
            name, until = (entry.kind, entry.id), to_micros(entry.until)
            known = self.entries.get(name)
            newer = known is None or (until, entry.pbxs) > (known.until, known.pbxs)
            if entry.kind in KINDS and newer and until > at:
                since = known.since if known is not None and known.until > at else at
                self._put(name, Listed(entry.pbxs, to_micros(entry.last_at), since, until))
        for name in [name for name, listed in self.entries.items() if listed.until <= at]:
            self._put(name, None)
        spare = len(self.entries) - MAX_ENTRIES
        if spare > 0:
            for name in sorted(self.entries, key=lambda name: (self.entries[name].last, name))[:spare]:
                self._put(name, None)

    def _put(self, name: Name, listed: Listed | None) -> None:
        if listed is None:
            del self.entries[name]
        else:
            self.entries[name] = listed
        self.dirty.add(name)

    def dirty_pages(self) -> Iterator[tuple[str, bytes | None]]:
        """What changed since this was last asked for; None is an entry that is gone."""
        for name in sorted(self.dirty):
            listed = self.entries.get(name)
            yield PREFIX + "\x1f".join(name), None if listed is None else msgspec.msgpack.encode(listed)
        self.dirty.clear()

    def restore(self, pages: Iterable[tuple[str, bytes]]) -> None:
        """Take the list from the pages of a checkpoint."""
        for key, value in pages:
            kind, _, name = key.removeprefix(PREFIX).partition("\x1f")
            self.entries[kind, name] = msgspec.msgpack.decode(value, type=Listed)
