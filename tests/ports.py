"""Ports that nobody else is given while a test does not yet, or not just now, listen on them."""

import secrets
import socket
from contextlib import ExitStack


def free_ports(wanted: int) -> int:
    """The first of so many free ports in a row, below those that systems hand out by themselves."""
    while True:
        first = 20_000 + secrets.randbelow(12_000)
        with ExitStack() as held:
            try:
                for port in range(first, first + wanted):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
