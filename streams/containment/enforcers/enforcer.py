"""What every enforcer offers, and the list of those there are."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, ClassVar, Self, TypeVar

from detector.contract.registry import Registry
from detector.decide.guard import block_range
from detector.settings.params import Params
from streams.config.installation import Installation
from streams.store.journal.journal import Journal

E = TypeVar("E", bound="type[Enforcer]")


class NoSettings(Params):
    """Nothing can be set."""


class EnforcerError(Exception):
    """The enforcer could not do it now; the same call may succeed later."""


class Enforcer(ABC):
    """Keeps addresses out. Targets are addresses or CIDRs; what is blocked is `block_range(target)`.

    It is used where the configuration names it under `enforcers`, with what `settings` says can be set there. `block`,
    `lift` and `blocked` may raise `EnforcerError`; a target that is no address raises ValueError and changes nothing.
    """

    name: ClassVar[str]
    settings: ClassVar[type[Params]] = NoSettings
    lasting: ClassVar[bool] = False
    """It keeps what it is told through a restart: what is gone before its end was let in by people, and stays so."""

    @classmethod
    def configured(cls, settings: Any, journal: Journal) -> Self:
        """One as configured; `settings` are of that class, `journal` is where the blocks in force stand."""
        return cls()

    @abstractmethod
    async def block(self, target: str, until: datetime) -> None:
        """Keep `target` out until then; repeating it changes only the end."""

    @abstractmethod
    async def lift(self, target: str) -> None:
        """Let `target` in again; it is no error if it was not blocked."""

    @abstractmethod
    async def blocked(self) -> frozenset[str]:
        """The CIDRs kept out now, read back from where they take effect."""

    async def held(self) -> frozenset[str]:
        """The CIDRs that may still be kept out by somebody: more than are `blocked` where several take part."""
        return await self.blocked()

    async def awaited(self) -> str | None:
        """Who has to fetch what we tell before it takes effect; None where we tell it ourselves."""
        return None


ENFORCERS: Registry[type[Enforcer]] = Registry("enforcers", "streams.containment.enforcers")


def enforcer(kind: E) -> E:
    """Registers an enforcer by its name; the same name twice stops the program."""
    ENFORCERS.add(kind.name, kind)
    return kind


def enforcer_settings() -> dict[str, type[Params]]:
    """Every enforcer there is, and what can be set of it: what reading the configuration has to know."""
    return {name: kind.settings for name, kind in ENFORCERS.all().items()}


def enforcers_of(installation: Installation, journal: Journal) -> list[Enforcer]:
    """What can block addresses, as configured."""
    found = []
    for name, given in installation.enforcers.named().items():
        kind = ENFORCERS.all()[name]
        found.append(kind.configured(kind.settings.model_validate(given), journal))
    return found


def covered(target: str, blocked: Iterable[str]) -> bool:
    """Whether all that blocking `target` means lies within one of the `blocked` CIDRs."""
    wanted = block_range(target)
    return any(inside(wanted, ip_network(cidr)) for cidr in blocked)


def inside(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    """Whether `inner` lies within `outer`; never across IP versions."""
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)
