"""Reads a PBX's settings through its API, a few requests at a time; it changes nothing.

What the PBX refuses or does not show becomes an unknown, never an error: a permission that the API application lacks
costs what rests on it, and nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from detector.audit.posture import Fact
from streams.pbxs.pbx_errors import AccessDenied, BadCredentials, IpForbidden, LockedOut, NotSupported, PbxError
from streams.yeastar.answers import ExtensionAnswer, RouteAnswer, TrunkAnswer
from streams.yeastar.client import YeastarClient

AT_ONCE = 4
NO_WAY_IN = (BadCredentials, LockedOut, IpForbidden)

T = TypeVar("T")
R = TypeVar("R")


class Reader:
    """Lists what is configured on one PBX, each item complete."""

    def __init__(self, client: YeastarClient) -> None:
        self.client = client
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def extensions(self) -> list[ExtensionAnswer]:
        """All extensions with their switches."""
        return await self.each(await self.client.extensions(), lambda one: self.client.extension(one.number))

    async def routes(self) -> list[RouteAnswer]:
        """All outbound routes."""
        return await self.each(await self.client.outbound_routes(), lambda one: self.client.outbound_route(one.id))

    async def trunks(self) -> list[TrunkAnswer]:
        """All trunks."""
        return await self.each(await self.client.trunks(), lambda one: self.client.trunk(one.id))

    async def each(self, items: Iterable[T], ask: Callable[[T], Awaitable[R]]) -> list[R]:
        """What is answered of each item, in their order."""

        async def one(item: T) -> R:
            async with self._turns:
                return await ask(item)

        return await asyncio.gather(*(one(item) for item in items))


async def fact(endpoint: str, ask: Callable[[], Awaitable[R | None]]) -> Fact[R]:
    """What the PBX answers, or why nobody knows. Raises `PbxError` if there is no way in at all."""
    try:
        found = await ask()
    except NO_WAY_IN:
        raise
    except PbxError as error:
        return Fact(None, reason(error))
    return Fact(found, f"API: {endpoint}" if found is not None else f"the PBX does not show it in {endpoint}")


def reason(error: PbxError) -> str:
    """Why something cannot be read; an error's text begins with its endpoint."""
    endpoint = str(error).partition(":")[0]
    if isinstance(error, AccessDenied):
        return f"the API application may not read {endpoint}"
    if isinstance(error, NotSupported):
        return f"this firmware does not offer {endpoint}"
    return f"the PBX did not answer as expected: {error}"


def listed_numbers(route: RouteAnswer) -> tuple[str, ...]:
    """The extensions that a route names itself."""
    return tuple(sorted(str(item.get("ext_number") or item.get("id") or "") for item in route.ext_list if plain(item)))


def listed_groups(route: RouteAnswer) -> tuple[str, ...]:
    """The groups and organizations that a route names, whose members are not read."""
    return tuple(
        sorted(str(item.get("ext_name") or item.get("id") or "") for item in route.ext_list if not plain(item))
    )


def listed_trunks(route: RouteAnswer) -> tuple[str, ...]:
    """The trunks of a route, in the order they are tried."""
    return tuple(str(item.get("name") or item.get("id") or "") for item in route.trunk_list)


def plain(item: dict[str, object]) -> bool:
    """Whether an entry of `ext_list` is an extension rather than a group."""
    return item.get("type") in ("extension", None, "")
