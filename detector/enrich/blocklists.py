"""Block lists of addresses as text: plain, CSV or netset; and what lists say of one address (C05)."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from msgspec import Struct

from detector.enrich.networks import Networks

PRIVATE = tuple(map(ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.168.0.0/16", "224.0.0.0/3", "::/127", "64:ff9b::/96", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)))  # fmt: skip
"""Public lists contain them; nobody out there is meant."""
WIDEST = {4: 8, 6: 19}
"""Whoever lists more than that lists the Internet by mistake."""
MOST_ADDRESSES = {4: 1 << 31, 6: 1 << 125}
"""So many addresses together, too: half of IPv4, all of IPv6 that is given out."""
MOST_LINES = 500_000
UNREADABLE, IS_PRIVATE, IS_WIDE, IS_OWN, TOO_MANY = "unreadable", "private", "wide", "own", "too many"
COMMENT = re.compile(r"[#;]")
NETWORK = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/\d{1,3})?", re.ASCII)


class BlockListing(Struct, frozen=True):
    """What a list says: its name, and when it was made or fetched, in microseconds."""

    source: str
    at: int


class BlockList(Struct, frozen=True):
    """One list that was read: `digest` names its content."""

    listing: BlockListing
    networks: Networks
    digest: str


FindLists = Callable[[str], "BlockLists | None"]
"""The lists that a digest in the log names; None where nobody kept them."""


class BlockLists:
    """All lists; of several that name an address the first tells. What is asked is cached, bounded."""

    def __init__(self, lists: Iterable[BlockList] = ()) -> None:
        self._lists = tuple(each for each in lists if each.networks)
        self.digest = "+".join(each.digest for each in self._lists)
        self.find = lru_cache(maxsize=32_768)(self._find)

    def __bool__(self) -> bool:
        return bool(self._lists)

    def _find(self, address: str) -> BlockListing | None:
        return next((each.listing for each in self._lists if address in each.networks), None)


class Sifted(Struct, frozen=True):
    """What of a list is used, and how many lines were refused, by why."""

    networks: list[str]
    refused: dict[str, int]


def sift(lines: Sequence[str], own: Iterable[str] = ()) -> Sifted:
    """The networks of a list that somebody out there can be meant by, and how many lines are something else.

    A line is an address or CIDR, or cells of CSV of which one is; `#` and `;` begin a comment. Private ranges, ranges
    wider than a /8 or an IPv6 /19, those that hold one of our `own` addresses, what goes beyond `MOST_LINES`, headers
    and whatever cannot be read are left out and counted.

    Raises:
        ValueError: all together are so many addresses that the Internet is meant.
    """
    ours = [ip_network(each) for each in own]
    found: list[IPv4Network | IPv6Network] = []
    refused: Counter[str] = Counter()
    for line in lines[:MOST_LINES]:
        text = COMMENT.split(line, maxsplit=1)[0].strip()
        if not text:
            continue
        network = first(next(csv.reader([text.replace("\t", ",")]), []))
        why = UNREADABLE if network is None else refusal(network, ours)
        if why:
            refused[why] += 1
        elif network is not None:
            found.append(network)
    if len(lines) > MOST_LINES:
        refused[TOO_MANY] = len(lines) - MOST_LINES
    for version, most in MOST_ADDRESSES.items():
        if sum(each.num_addresses for each in {each for each in found if each.version == version}) > most:
            raise ValueError("so many addresses that the whole Internet is meant")
    return Sifted([str(each) for each in found], dict(sorted(refused.items())))


def first(cells: Iterable[str]) -> IPv4Network | IPv6Network | None:
    """The first cell that is an address or CIDR; an IPv4 address inside IPv6 is IPv4."""
    for cell in cells:
        text = cell.strip().strip('"')
        if not NETWORK.fullmatch(text) or not ("." in text or ":" in text):
            continue
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            continue
        mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
        return ip_network(f"{mapped}/{network.prefixlen - 96}") if mapped and network.prefixlen >= 96 else network
    return None


def refusal(network: IPv4Network | IPv6Network, own: Iterable[IPv4Network | IPv6Network]) -> str:
    """Why nobody out there can be meant, or that one of ours would be; empty for what may be blocked."""
    if network.prefixlen < WIDEST[network.version]:
        return IS_WIDE
    for why, ranges in ((IS_PRIVATE, PRIVATE), (IS_OWN, own)):
        if any(network.version == each.version and network.overlaps(each) for each in ranges):
            return why
    return ""
