"""What is known of addresses from outside and changes while we run: block lists, and host names of deny lists."""

from collections import defaultdict
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from detector.enrich.blocklists import BlockLists
from detector.enrich.facts import Facts
from detector.enrich.premises import LISTS, Tables

PAGE = "tables"
MOST_NAMES = 1_000
NO_NAMES: frozenset[str] = frozenset()


class InForce(Struct):
    """What the log said last: the digest of the block lists, and the addresses of host names."""

    lists: str | None = None
    hosts: dict[str, tuple[str, ...]] = {}


class Outside:
    """The block lists and host names in force: those that the log has named last."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._held = InForce()
        self._lists = tables.block_lists or None
        self._names: Mapping[str, frozenset[str]] = {}
        self._changed = False

    def look_up(self, facts: Facts) -> None:
        """What is said of the source address."""
        if facts.place is None:
            return
        if self._lists is not None:
            facts.listed = self._lists.find(facts.place.address)
        if self._names:
            facts.host_names = self._names.get(facts.place.address, NO_NAMES)

    def take(self, digests: Mapping[str, str], hosts: Mapping[str, tuple[str, ...]]) -> bool:
        """These are in force from now on; False where the lists are not kept any more: then the old ones stay."""
        self._changed = True
        self._held.lists = digests.get(LISTS, "")
        for name, addresses in hosts.items():
            self._held.hosts.pop(name, None)
            self._held.hosts[name] = addresses
        for name in list(self._held.hosts)[:-MOST_NAMES]:
            del self._held.hosts[name]
        self._names = by_address(self._held.hosts)
        return self._use(self._held.lists)

    def _use(self, digest: str) -> bool:
        lists = self._find(digest)
        if lists is not None:
            self._lists = lists or None
        return lists is not None

    def _find(self, digest: str) -> BlockLists | None:
        if not digest:
            return BlockLists()
        return (
            self._tables.block_lists if digest == self._tables.block_lists.digest else self._tables.find_lists(digest)
        )

    def dirty_page(self) -> dict[str, bytes | None]:
        """What a checkpoint keeps, where it changed since this was last asked for."""
        changed, self._changed = self._changed, False
        return {PAGE: msgspec.msgpack.encode(self._held)} if changed else {}

    def restore(self, page: bytes) -> bool:
        """Take what was in force from a checkpoint; False as in `take`."""
        self._held = msgspec.msgpack.decode(page, type=InForce)
        self._names = by_address(self._held.hosts)
        return self._held.lists is None or self._use(self._held.lists)


def by_address(hosts: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """The host names that stand for each address."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for name, addresses in hosts.items():
        for address in addresses:
            names[address].add(name)
    return {address: frozenset(found) for address, found in names.items()}
