"""Sets of networks: asks in logarithmic time whether an address lies in one, however many there are."""

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network


class Networks:
    """Addresses and CIDRs of both families. Immutable; what overlaps is merged."""

    def __init__(self, networks: Iterable[str]) -> None:
        read = [ip_network(network, strict=False) for network in networks]
        four = collapse_addresses(network for network in read if isinstance(network, IPv4Network))
        six = collapse_addresses(network for network in read if isinstance(network, IPv6Network))
        self._ends = {4: ends(four), 6: ends(six)}

    def __bool__(self) -> bool:
        return any(self._ends.values())

    def __contains__(self, address: str) -> bool:
        """Whether a normalised address (as in `Place.address`) lies in one of them."""
        version, number = parsed(address)
        return bisect_right(self._ends[version], number) % 2 == 1


def ends(networks: Iterable[IPv4Network | IPv6Network]) -> tuple[int, ...]:
    """Where networks begin and where they have ended, in turn: between two of them an odd number lies before."""
    found: list[int] = []
    for network in networks:
        first, after = int(network.network_address), int(network.broadcast_address) + 1
        if found and found[-1] == first:
            found[-1] = after
        else:
            found += [first, after]
    return tuple(found)


@lru_cache(maxsize=32_768)
def parsed(address: str) -> tuple[int, int]:
    """Family and number of an address."""
    read = ip_address(address)
    return read.version, int(read)


def nearby(key: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 /64."""
    if ":" not in key:
        return f"{key.rpartition('.')[0]}.0/24"
    return f"{':'.join(key.partition('::')[0].split(':')[:3])}::/48"
