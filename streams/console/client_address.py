"""Where a request comes from when a proxy stands before the console."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

Proxies = Sequence[IPv4Network | IPv6Network]


def find_client(peer: str, forwarded: Iterable[str], proxies: Proxies) -> str:
    """The last address that no proxy of ours has, or the connection's own.

    What anybody else forwards is not read: everybody may send that header. Our proxies add whom they see at its end.
    """
    named = [part.strip() for line in forwarded for part in line.split(",")]
    client = peer
    while named and _is_ours(client, proxies):
        client = named.pop()
    return client if _is_address(client) else peer


def _is_ours(address: str, proxies: Proxies) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in proxies)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
