"""Block lists of addresses as text: plain, CSV or netset; and what lists say of one address (C05)."""

import csv
import re
from collections.abc import Iterable
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


def read(lines: Iterable[str]) -> tuple[list[str], int]:
    """The public networks of a list, and how many lines were something else.

    A line is an address or CIDR, or cells of CSV of which one is; `#` and `;` begin a comment. Private ranges, ranges
    wider than a /8 or an IPv6 /19, headers and whatever cannot be read are left out and counted.
    """
    found: list[str] = []
    skipped = 0
    for line in lines:
        text = re.split(r"[#;]", line, maxsplit=1)[0].strip()
        if not text:
            continue
        network = first(next(csv.reader([text.replace("\t", ",")]), []))
        if network is None or not public(network):
            skipped += 1
        else:
            found.append(str(network))
    return found, skipped


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


def public(network: IPv4Network | IPv6Network) -> bool:
    """Whether somebody out there can be meant."""
    if network.prefixlen < WIDEST[network.version]:
        return False
    return not any(network.version == private.version and network.overlaps(private) for private in PRIVATE)
