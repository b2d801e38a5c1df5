"""Block lists from what they are written in: read, named by a digest, and found again by it."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from detector.enrich.blocklists import BlockList, BlockListing, BlockLists, sift
from detector.enrich.networks import Networks
from detector.settings.values import is_name
from streams.config.installation import Installation
from streams.store.list_copies import ListCopies, ListCopy

LARGEST_LIST = 16 * 1024 * 1024
REMEMBERED = 32


class TableError(Exception):
    """A table cannot be used; says which and why."""


def own_addresses(settings: Installation) -> tuple[str, ...]:
    """Addresses and ranges of ours: PBXs, their carriers, and what is protected; host names are left to the guard."""
    layers = (settings.defaults, *settings.tenants.values(), *settings.pbxs)
    found = [
        *(address for layer in layers for address in layer.protected),
        *(host for pbx in settings.pbxs for trunk in pbx.trunks.values() for host in trunk.hosts),
        *(str(urlsplit(pbx.connection.url).hostname) for pbx in settings.pbxs if pbx.connection is not None),
    ]  # fmt: skip
    return tuple(sorted({str(ip_network(each)) for each in found if not is_name(each)}))


def read_file(name: str, path: Path, own: Sequence[str] = ()) -> ListCopy:
    """One list, its age the file's. Raises TableError."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_LIST:
            raise TableError(f"block_lists: {path}: no file, or larger than {LARGEST_LIST} bytes")
        at, content = round(path.stat().st_mtime) * 1_000_000, path.read_bytes()
    except OSError as error:
        raise TableError(f"block_lists: {path}: {error.strerror}") from None
    return read_content(name, str(path), content, at, own)


def read_content(name: str, source: str, content: bytes, at: int, own: Sequence[str]) -> ListCopy:
    """A list out of its bytes. Raises TableError for one in which no public address is, or almost all of them are."""
    try:
        sifted = sift(content.decode("utf-8-sig", "replace").splitlines(), own)
    except ValueError as error:
        raise TableError(f"block_lists: {source}: {error}") from None
    if content.strip() and not sifted.networks:
        raise TableError(f"block_lists: {source}: no public address in it")
    return made(name, source, at, sifted.networks, sifted.refused)


def made(name: str, source: str, at: int, networks: Iterable[str], refused: Mapping[str, int]) -> ListCopy:
    """A copy named by what is used of it, and by when it was so."""
    networks = tuple(networks)
    hashed = blake2b("\n".join(networks).encode() + at.to_bytes(8), digest_size=8).hexdigest()
    return ListCopy(
        digest=f"{name}-{hashed}", name=name, source=source, at=at, networks=networks, refused=dict(refused)
    )  # fmt: skip


def again_without(kept: ListCopy, own: Sequence[str]) -> ListCopy:
    """The same list without what has become ours since it was kept."""
    sifted = sift(kept.networks, own)
    if len(sifted.networks) == len(kept.networks):
        return kept
    refused = {why: kept.refused.get(why, 0) + sifted.refused.get(why, 0) for why in {*kept.refused, *sifted.refused}}
    return made(kept.name, kept.source, kept.at, sifted.networks, refused)


class ListShelf:
    """Block lists by what the log calls them: the digests of several, in their order, with a plus between them."""

    def __init__(self, copies: ListCopies | None) -> None:
        self._copies = copies
        self._known: dict[str, BlockList] = {}

    def together(self, copies: Iterable[ListCopy]) -> BlockLists:
        """These lists as the core reads them."""
        return BlockLists([self._list_of(copy) for copy in copies])

    def find(self, digest: str) -> BlockLists | None:
        """The lists of a digest; None if one of them is not kept any more. Raises `UnavailableError`."""
        found = [self._known.get(each) or self._kept(each) for each in digest.split("+")]
        whole = [each for each in found if each is not None]
        return BlockLists(whole) if len(whole) == len(found) else None

    def _kept(self, digest: str) -> BlockList | None:
        copy = self._copies.find(digest) if self._copies is not None else None
        return None if copy is None else self._list_of(copy)

    def _list_of(self, copy: ListCopy) -> BlockList:
        known = self._known.get(copy.digest)
        if known is None:
            while len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            known = BlockList(BlockListing(copy.name, copy.at), Networks(copy.networks), copy.digest)
            self._known[copy.digest] = known
        return known
