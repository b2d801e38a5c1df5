"""What an address may reach: the firewall in front of the PBX and the PBX's own lists."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def plain_address(text: str) -> IPv4Address | IPv6Address:
    """The address, an IPv4 one where it was written as `::ffff:a.b.c.d`; `ValueError` if it is none."""
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_local(text: str) -> bool:
    """Whether an address is on the office's own network: no documentation or public range is."""
    address = plain_address(text)
    return any(address in network for network in _LOCAL)


_LOCAL = [
    ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fd00::/8", "::1/128")
]


def parse_feed(text: str) -> tuple[list[Network], int]:
    """Networks of a feed (one address or CIDR a line, `#` comments) and how many lines were unreadable."""
    networks: list[Network] = []
    unreadable = 0
    for line in text.splitlines():
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        try:
            networks.append(ip_network(entry, strict=False))
        except ValueError:
            unreadable += 1
    return networks, unreadable


class Firewall:
    """Drops new SIP and web traffic from listed addresses; calls that are up go on."""

    def __init__(self) -> None:
        self._networks: list[Network] = []
        self.dropped = 0
        self.unreadable = 0
        self.polls = 0
        self.failed_polls = 0

    def load(self, text: str) -> None:
        """Replace the list with a feed's content."""
        self._networks, self.unreadable = parse_feed(text)
        self.polls += 1

    def block(self, networks: Iterable[str]) -> None:
        """Replace the list with these addresses or CIDRs."""
        self.load("\n".join(networks))

    def drops(self, source_ip: str) -> bool:
        """Whether a packet from this address is thrown away (counted)."""
        address = plain_address(source_ip)
        hit = any(address in network for network in self._networks)
        self.dropped += hit
        return hit

    @property
    def blocked(self) -> list[str]:
        """The listed networks."""
        return [str(network) for network in self._networks]
