"""What every enforcer offers, and the list of those there are."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import ClassVar, TypeVar

from detector.decide.guard import block_range

ENFORCERS: dict[str, type["Enforcer"]] = {}
E = TypeVar("E", bound="Enforcer")


class EnforcerError(Exception):
    """The enforcer could not do it now; the same call may succeed later."""


class Enforcer(ABC):
    """Keeps addresses out. Targets are addresses or CIDRs; what is blocked is `block_range(target)`.

    All three may raise `EnforcerError`; a target that is no address raises ValueError and changes nothing.
    """

    name: ClassVar[str]

    @abstractmethod
    async def block(self, target: str, until: datetime) -> None:
        """Keep `target` out until then; repeating it changes only the end."""

    @abstractmethod
    async def lift(self, target: str) -> None:
        """Let `target` in again; it is no error if it was not blocked."""

    @abstractmethod
    async def blocked(self) -> frozenset[str]:
        """The CIDRs kept out now, read back from where they take effect."""


def enforcer(kind: type[E]) -> type[E]:
    """Registers an enforcer by its name; the same name twice stops the program at start."""
    if kind.name in ENFORCERS:
        raise ValueError(f"two enforcers are called {kind.name}")
    ENFORCERS[kind.name] = kind
    return kind


def covered(target: str, blocked: Iterable[str]) -> bool:
    """Whether all that blocking `target` means lies within one of the `blocked` CIDRs."""
    wanted = block_range(target)
    return any(inside(wanted, ip_network(cidr)) for cidr in blocked)


def inside(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    """Whether `inner` lies within `outer`; never across IP versions."""
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)
