"""Which addresses are the PBX's own, and which are its carriers', where records tell only who sent what to whom."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

MAX_ASKED = 16_384


class Network:
    """`addresses` are the PBX's own; `trunks` have the hosts of each, of which names are left out: they may change."""

    def __init__(self, addresses: Iterable[str] = (), trunks: Mapping[str, Iterable[str]] | None = None) -> None:
        self.addresses = frozenset(addresses)
        self._lines = [
            (network, name) for name, hosts in (trunks or {}).items() for host in hosts if (network := _network(host))
        ]
        self._asked: dict[str, str] = {}

    def trunk(self, address: str) -> str:
        """The trunk that an address is of, `""` for none."""
        if not self._lines:
            return ""
        known = self._asked.get(address)
        if known is None:
            found = ip_address(address)
            known = next((name for network, name in self._lines if found in network), "")
            if len(self._asked) >= MAX_ASKED:
                self._asked.clear()
            self._asked[address] = known
        return known


def _network(host: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(host, strict=False)
    except ValueError:
        return None
