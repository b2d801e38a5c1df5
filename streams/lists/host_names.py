"""Host names of deny and allow lists: what they stand for, asked again and again."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from ipaddress import ip_network

from msgspec import Struct

from detector.contract.events import MAX_ADDRESSES, MAX_HOSTS
from detector.enrich.blocklists import refusal
from detector.settings import Policies
from detector.settings.values import is_name

WITHIN = 10.0
DENIED = "source.denied"
Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a host name. Raises OSError."""


class NamedHost(Struct, frozen=True, kw_only=True):
    """What a host name stands for."""

    name: str
    addresses: tuple[str, ...]


def names_in(policies: Policies, pbxs: Iterable[str]) -> list[str]:
    """Every host name that stands on a deny or allow list of a PBX, in order, bounded."""
    found = sorted({name for pbx in pbxs for name in names_of(policies, pbx)})
    return found[:MAX_HOSTS]


def names_of(policies: Policies, pbx: str) -> Iterator[str]:
    """Those of one PBX."""
    profile = policies.of(pbx)
    for rules in (profile.rules, *profile.rules_of.values()):
        limits = rules[DENIED].limits.model_dump(include={"deny", "allow"})
        yield from (each for entries in limits.values() for each in entries if is_name(each))


async def resolve_all(names: Iterable[str], own: Sequence[str], resolve: Resolve) -> list[NamedHost | None]:
    """What each name stands for, None where nobody can say."""
    asked = asyncio.Semaphore(16)

    async def one(name: str) -> NamedHost | None:
        async with asked:
            try:
                found = await asyncio.wait_for(resolve(name), WITHIN)
            except OSError:  # a TimeoutError is one, too
                return None
        return NamedHost(name=name, addresses=usable(found, own))

    return await asyncio.gather(*map(one, names))


def usable(addresses: Iterable[str], own: Sequence[str]) -> tuple[str, ...]:
    """Public addresses that are none of ours, in order, each once: whoever answers for a name names what he likes."""
    ours = [ip_network(each) for each in own]
    found = {str(network.network_address) for network in map(ip_network, addresses) if not refusal(network, ours)}
    return tuple(sorted(found)[:MAX_ADDRESSES])
