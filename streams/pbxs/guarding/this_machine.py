"""What this machine itself needs on the network: its own addresses, and the name servers it asks."""

import socket
from contextlib import suppress
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path

PROC = Path("/proc/net")
RESOLVERS = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
"""The second holds what a resolver on this machine itself asks."""
OUTSIDE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Nobody has these addresses; a way to them is the way to everybody."""


def machine_addresses(proc: Path = PROC, resolvers: tuple[Path, ...] = RESOLVERS) -> tuple[str, ...]:
    """Every address of an interface, and of every name server in use. Reads small files, sends nothing."""
    found = [*interface_addresses(proc), *(server for file in resolvers for server in name_servers(file))]
    return tuple(dict.fromkeys(found))


def interface_addresses(proc: Path = PROC) -> list[str]:
    """The addresses of this machine: all that the kernel lists, and those it would speak to the world from."""
    lines = [line.split() for line in _lines(proc / "fib_trie")]
    local = [before[-1] for before, line in pairwise(lines) if line[-2:] == ["host", "LOCAL"]]
    six = [line.split()[0] for line in _lines(proc / "if_inet6") if line.strip()]
    spoken = [address for family, far in OUTSIDE if (address := _spoken_from(family, far))]
    written = [":".join(text[at : at + 4] for at in range(0, 32, 4)) for text in six if len(text) == 32]
    return [str(ip_address(text)) for text in dict.fromkeys((*local, *written, *spoken)) if _is_address(text)]


def name_servers(file: Path) -> list[str]:
    """The name servers that a resolver's settings name."""
    lines = [line.split() for line in _lines(file)]
    found = [line[1].partition("%")[0] for line in lines if len(line) > 1 and line[0] == "nameserver"]
    return [address for address in found if _is_address(address)]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _spoken_from(family: socket.AddressFamily, far: str) -> str | None:
    """The address a packet to `far` would carry; none is sent."""
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asked:
        asked.connect((far, 9))
        return str(asked.getsockname()[0]).partition("%")[0]
    return None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
