"""Host names that must never be blocked: looked up again and again, and remembered beyond a restart."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address

import structlog

from streams.pbxs.guarding.guard_memory import GuardMemory
from streams.store.store_errors import UnavailableError

FORGET_SECONDS = 86_400.0
"""A carrier's name may resolve to another of many addresses each time: for a day all of them are the carrier's."""

LookUp = Callable[[str], Awaitable[Iterable[str]]]
"""The addresses of a host name; `OSError` if it cannot be looked up."""

log = structlog.get_logger(__name__)


class KnownNames:
    """The addresses of host names, as looked up now, lately, or by an earlier process."""

    def __init__(self, look_up: LookUp, clock: Callable[[], float], memory: GuardMemory) -> None:
        self._look_up = look_up
        self._clock = clock
        self._memory = memory
        self._seen: dict[str, dict[str, float]] = {}
        self._recalled: set[str] = set()

    def addresses(self, hosts: Sequence[str]) -> tuple[str, ...]:
        """Every address of the hosts, and the names themselves: who cannot be looked up stays protected by name."""
        every = dict.fromkeys(hosts)
        for host in hosts:
            every.update(dict.fromkeys(self._seen.get(host, ())))
        return tuple(every)

    def unknown(self, hosts: Iterable[str]) -> tuple[str, ...]:
        """The host names of which no address was ever known: any address may be theirs."""
        return tuple(host for host in dict.fromkeys(hosts) if not is_address(host) and not self._seen.get(host))

    async def refresh(self, hosts: Iterable[str]) -> None:
        """Look all names up, side by side; one that has no answer now keeps the addresses it had."""
        names = [host for host in dict.fromkeys(hosts) if not is_address(host)]
        await self._recall([name for name in names if name not in self._recalled])
        await asyncio.gather(*(self._refresh(name) for name in names))

    async def _recall(self, names: Sequence[str]) -> None:
        if not names:
            return
        try:
            found = await self._memory.addresses(names)
        except UnavailableError as error:
            log.warning("names not recalled", error=str(error))
            return
        self._recalled.update(names)
        now = self._clock()
        for name, addresses in found.items():
            self._seen[name] = dict.fromkeys(addresses, now) | self._seen.get(name, {})

    async def _refresh(self, name: str) -> None:
        try:
            found = set(await self._look_up(name))
        except OSError:
            return
        if not found:
            return
        now = self._clock()
        kept = {address: at for address, at in self._seen.get(name, {}).items() if now - at < FORGET_SECONDS}
        self._seen[name] = kept | dict.fromkeys(found, now)
        try:
            await self._memory.remember(name, found, FORGET_SECONDS)
        except UnavailableError as error:
            log.warning("name not remembered", name=name, error=str(error))


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
