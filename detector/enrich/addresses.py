"""Reads network addresses as they stand in logs, and says where they are and what is counted and blocked."""

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Protocol

import iptocc
import msgspec

LONGEST_TEXT = 128
"""Characters; no form of an address is longer."""

_PRIVATE_4 = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
)
_PRIVATE_6 = ("::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8")
_TRANSLATED = int(IPv6Address("64:ff9b::")) >> 32  # NAT64: the last 32 bits are the IPv4 address
_ASTERISK = re.compile(r"IPV[46]/[A-Z]{2,5}/([0-9A-Fa-f:.]+)(?:/\d{1,5})?", re.IGNORECASE)
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?")
_PLAIN = re.compile(r"([0-9.]+)(?::\d{1,5})?|([0-9A-Fa-f:.]+)")


class CountryReader(Protocol):
    """A table of countries and networks that the operator brings (an mmdb file)."""

    @property
    def digest(self) -> str:
        """Names the table: equal digests give equal answers."""
        ...

    def get(self, address: str) -> tuple[str | None, int | None]:
        """ISO 3166-1 alpha-2 country and autonomous system number of a public address, None where unknown."""
        ...


class Place(msgspec.Struct, frozen=True):
    """One address, read.

    `address` is normalised (`::ffff:192.0.2.1` is `192.0.2.1`). `key` is what is counted and blocked: the
    IPv4 address, or the /64 of IPv6 as CIDR. `country` is None where no table knows it. `network` is coarse:
    `AS64500` where the operator's table knows it, else the IPv4 /24 or the IPv6 /48 as CIDR. `private`: not
    routed on the Internet (private, shared, loopback, link-local, multicast).
    """

    address: str
    key: str
    country: str | None
    network: str
    private: bool


class AddressTable:
    """Looks addresses up. Pure: equal digests give equal places; places are cached, bounded."""

    def __init__(self, reader: CountryReader | None = None, *, cache_size: int = 32_768) -> None:
        self._reader = reader
        self._cached = lru_cache(maxsize=cache_size)(self._look_up)

    @property
    def digest(self) -> str:
        """Names the tables in the log."""
        fallback = f"iptocc-{version('iptocc')}"
        return fallback if self._reader is None else f"{self._reader.digest}+{fallback}"

    def look_up(self, text: str) -> Place | None:
        """Read an address with or without port, brackets or transport; None if it is none; never raises.

        Zone ids (`fe80::1%eth0`) and host names are refused.
        """
        return None if len(text) > LONGEST_TEXT else self._cached(text)

    def _look_up(self, text: str) -> Place | None:
        address = parse(text)
        if address is None:
            return None
        shown = str(address)
        if isinstance(address, IPv4Address):
            key, coarse = shown, f"{shown.rpartition('.')[0]}.0/24"
            private = _in(int(address), _MASKS_4)
        else:
            key, coarse = _prefix(address, 64), _prefix(address, 48)
            private = _in(int(address), _MASKS_6)
        country, number = (None, None) if private else self._where(shown)
        return Place(
            address=shown,
            key=key,
            country=country,
            network=coarse if number is None else f"AS{number}",
            private=private,
        )

    def _where(self, address: str) -> tuple[str | None, int | None]:
        country, number = (None, None) if self._reader is None else self._reader.get(address)
        return country or iptocc.country_code(address), number


def parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address in a text, IPv4 where IPv6 only wraps it; None if there is none."""
    for candidate in _candidates(text.strip()):
        try:
            return _unwrapped(IPv6Address(candidate)) if ":" in candidate else IPv4Address(candidate)
        except ValueError:
            continue
    return None


def _candidates(text: str) -> Iterator[str]:
    for form in (_PLAIN, _BRACKETED, _ASTERISK):
        found = form.fullmatch(text)
        if found is not None:
            yield found.group(found.lastindex or 0)


def _unwrapped(address: IPv6Address) -> IPv4Address | IPv6Address:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if int(address) >> 32 == _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _prefix(address: IPv6Address, bits: int) -> str:
    return f"{IPv6Address(int(address) >> (128 - bits) << (128 - bits))}/{bits}"


def _in(address: int, masks: tuple[tuple[int, int], ...]) -> bool:
    return any(address & mask == network for mask, network in masks)


def _masks(networks: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((int(each.netmask), int(each.network_address)) for each in map(ip_network, networks))


_MASKS_4 = _masks(_PRIVATE_4)
_MASKS_6 = _masks(_PRIVATE_6)
