"""What is found out about a PBX by asking it: what is configured, what it can tell, and what can be done to it."""

from msgspec import Struct

from detector.audit.posture import Fact
from detector.contract.visibility import Telling
from detector.contract.vocabulary import Act


class FoundExtension(Struct, frozen=True):
    """An extension by its number, and the name people know it by."""

    number: str
    name: str = ""


class FoundTrunk(Struct, frozen=True, kw_only=True):
    """A way to a carrier. `hosts` are all addresses and host names it is reached by: registrar, proxy, domain.

    `numbers` are those under which we call through it, as they are set there.
    """

    name: str
    enabled: bool = True
    hosts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


class FoundRoute(Struct, frozen=True, kw_only=True):
    """An outbound route. `order` counts from 1 as the PBX tries them, None where it does not show that.

    `trunks` are names in the order they are tried, `extensions` the numbers that may use it, `groups` the names of
    groups that may, whose members are not read. `emergency`: a pattern takes an emergency number as it is dialled.
    """

    name: str
    order: int | None = None
    patterns: tuple[str, ...] = ()
    trunks: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    pin: bool = False
    emergency: bool = False


class CallUp(Struct, frozen=True, kw_only=True):
    """A call that is up: our extensions in it, what it has called outside, and by which names it can be meant.

    `uses` are its own name and those of its channels, extensions and trunks. A number that the PBX does not show is
    empty.
    """

    id: str = ""
    extensions: tuple[str, ...] = ()
    uses: frozenset[str] = frozenset()
    called: tuple[str, ...] = ()


class Discovery(Struct, frozen=True, kw_only=True):
    """What is configured on one PBX; each part is known with its source, or unknown with the reason."""

    extensions: Fact[tuple[FoundExtension, ...]]
    trunks: Fact[tuple[FoundTrunk, ...]]
    routes: Fact[tuple[FoundRoute, ...]]
    addresses: Fact[tuple[str, ...]]
    """Its own, over and above the one we reach it by."""


class Doing(Struct, frozen=True, kw_only=True):
    """One act; `lacking` says why it cannot be done, None if nothing is known that stands in the way."""

    act: Act
    lacking: str | None = None


class Capabilities(Struct, frozen=True, kw_only=True):
    """What one PBX can tell, and what can be done to it, as it is installed and with the rights we have there.

    `tells` is what comes while it happens, `records` what its call records say afterwards.
    """

    make: str
    model: str | None = None
    firmware: str | None = None
    tells: tuple[Telling, ...] = ()
    records: tuple[Telling, ...] = ()
    does: tuple[Doing, ...] = ()
