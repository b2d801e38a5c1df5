"""What the guard must know of an action's target now: as configured, as found on the PBX, and as names resolve."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address
from math import inf
from typing import TypeVar
from urllib.parse import urlsplit

import structlog

from detector.audit.posture import Fact
from detector.contract.vocabulary import Act
from detector.decide.guard import GuardFacts
from detector.settings import PbxProfile
from streams.config.installation import InstalledPbx
from streams.pbxs.dialling import dialling_of
from streams.pbxs.discovery import Discovery, FoundRoute, FoundTrunk
from streams.pbxs.pbx_errors import PbxError
from streams.store.rows import ActionRow

OURSELVES = ("127.0.0.0/8", "::1/128")
FRESH_SECONDS = 300.0
OLD_SECONDS = 2 * FRESH_SECONDS
PATIENCE_SECONDS = 2.0
"""How long an action waits for facts that are old; then it is decided by what is known."""
FORGET_SECONDS = 86_400.0
"""A carrier's name may resolve to another of many addresses each time: for a day all of them are the carrier's."""
NOT_ASKED = "nobody has asked yet"

Discover = Callable[[], Awaitable[Discovery]]
LookUp = Callable[[str], Awaitable[Iterable[str]]]
"""The addresses of a host name; `OSError` if it cannot be looked up."""
T = TypeVar("T")

log = structlog.get_logger(__name__)


class TargetFacts:
    """Facts for the actions on one PBX. What is found on the PBX adds to what is configured, and takes nothing away.

    `discover` is None where nobody can be asked. `run` keeps the facts fresh; else they are refreshed when needed.
    `patience` and `clock` are in seconds.
    """

    def __init__(
        self,
        pbx: InstalledPbx,
        profile: PbxProfile,
        discover: Discover | None = None,
        *,
        look_up: LookUp | None = None,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pbx = pbx.id
        self._profile = profile
        self._dialling = dialling_of(profile)
        self._discover = discover
        self._patience = patience
        self._clock = clock
        self._names = Names(look_up or resolve, clock)
        url = str(pbx.connection.url) if pbx.connection is not None else ""
        named = [name for name in profile.protected if not is_address(name)]
        self._own = [host for host in (urlsplit(url).hostname, *named) if host]
        self._carriers = [host for trunk in profile.trunks.values() for host in trunk.hosts]
        self._routes: Fact[tuple[FoundRoute, ...]] = Fact(None, NOT_ASKED)
        self._trunks: Fact[tuple[FoundTrunk, ...]] = Fact(None, NOT_ASKED)
        self._addresses: Fact[tuple[str, ...]] = Fact(None, NOT_ASKED)
        self._at: float | None = None
        self._refreshing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Keep the facts fresh until cancelled."""
        while True:
            await self._refreshed()
            await asyncio.sleep(FRESH_SECONDS)

    async def of(self, row: ActionRow) -> GuardFacts:
        """The facts for one action."""
        await self._freshen()
        profile, target = self._profile, row.target.id
        return GuardFacts(
            protected=profile.protected,
            trunk_addresses=self._names.addresses([*self._carriers, *self._found_carriers()]),
            own_addresses=(*OURSELVES, *self._names.addresses([*self._own, *(self._addresses.value or ())])),
            emergency_device=profile.extension(target).emergency_device,
            emergency_path=self._emergency_path(row.kind, target),
            emergency_numbers=self._dialling.emergency_numbers,
            calling_code=self._dialling.calling_code,
        )

    def _emergency_path(self, act: Act, target: str) -> bool:
        """Whether a route for emergency calls stays: named in the settings, or found on the PBX and open to use."""
        configured = any(route.emergency for name, route in self._profile.routes.items() if name != target)
        return configured or any(self._stays(route, act, target) for route in self._routes.value or ())

    def _stays(self, route: FoundRoute, act: Act, target: str) -> bool:
        """An emergency call needs a route without a PIN that somebody may use, and a trunk that is on."""
        on = {trunk.name for trunk in self._trunks.value or () if trunk.enabled}
        left = on - {target} if act is Act.DISABLE_TRUNK else on
        usable = not route.pin and bool(route.extensions or route.groups) and not left.isdisjoint(route.trunks)
        return route.emergency and usable and route.name != target

    def _found_carriers(self) -> list[str]:
        return [host for trunk in self._trunks.value or () for host in trunk.hosts]

    async def _freshen(self) -> None:
        """See to it that the facts are renewed in time; wait only for those that are too old to go by."""
        age = inf if self._at is None else self._clock() - self._at
        if age > FRESH_SECONDS:
            refreshing = self._refreshed()
            await asyncio.wait([refreshing], timeout=self._patience if age > OLD_SECONDS else 0)

    def _refreshed(self) -> asyncio.Task[None]:
        """Whoever asks waits for the same look."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh())
        return self._refreshing

    async def _refresh(self) -> None:
        """What is configured is looked up while the PBX is asked, which may take its time."""
        await asyncio.gather(self._names.refresh([*self._own, *self._carriers]), self._ask())
        self._at = self._clock()

    async def _ask(self) -> None:
        if self._discover is None:
            return
        try:
            found = await self._discover()
        except PbxError as error:
            log.info("nothing found out for the guard", pbx=self._pbx, error=str(error))
            return
        self._routes = newest(found.routes, self._routes)
        self._trunks = newest(found.trunks, self._trunks)
        self._addresses = newest(found.addresses, self._addresses)
        await self._names.refresh([*self._found_carriers(), *(self._addresses.value or ())])


def newest(fact: Fact[T], before: Fact[T]) -> Fact[T]:
    """What could not be read this time is as it was."""
    return before if fact.value is None and before.value is not None else fact


class Names:
    """The addresses of host names, looked up again and again."""

    def __init__(self, look_up: LookUp, clock: Callable[[], float]) -> None:
        self._look_up = look_up
        self._clock = clock
        self._seen: dict[str, dict[str, float]] = {}

    def addresses(self, hosts: Sequence[str]) -> tuple[str, ...]:
        """Every address of the hosts, and the names themselves: who cannot be looked up stays protected by name."""
        every = dict.fromkeys(hosts)
        for host in hosts:
            every.update(dict.fromkeys(self._seen.get(host, ())))
        return tuple(every)

    async def refresh(self, hosts: Iterable[str]) -> None:
        """Look all names up, side by side; one that has no answer now keeps the addresses it had."""
        names = [host for host in dict.fromkeys(hosts) if not is_address(host)]
        await asyncio.gather(*(self._refresh(name) for name in names))

    async def _refresh(self, name: str) -> None:
        try:
            found = await self._look_up(name)
        except OSError:
            return
        now = self._clock()
        kept = {address: at for address, at in self._seen.get(name, {}).items() if now - at < FORGET_SECONDS}
        self._seen[name] = kept | dict.fromkeys(found, now)


async def resolve(name: str) -> list[str]:
    """The addresses of a host name by the system's resolver. Raises OSError if it has none to tell."""
    try:
        answers = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except UnicodeError:  # as for an empty label
        raise OSError("not a host name") from None
    return [str(answer[4][0]).partition("%")[0] for answer in answers]


def is_address(text: str) -> bool:
    """Whether this is an address or a CIDR rather than a name."""
    try:
        ip_address(text.partition("/")[0])
    except ValueError:
        return False
    return True
