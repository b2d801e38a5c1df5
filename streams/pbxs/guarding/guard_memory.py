"""What the guard is told beside settings and PBX: the allow-list, who is logged in, where names once were."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from streams.runtime.clock import micros_now
from streams.store.journal.journal import Journal

SECOND = 1_000_000


class GuardMemory(Protocol):
    """Outlives the process. Raises `UnavailableError` while it cannot be asked: then nothing is done yet."""

    async def allowed(self, pbx: str) -> Sequence[str]:
        """What people have put on the allow-list of this PBX or of all, and stands there now."""

    async def logged_in(self) -> Sequence[str]:
        """The addresses from which people are logged in to the console."""

    async def addresses(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """What host names stood for when they were looked up last."""

    async def remember(self, name: str, addresses: Iterable[str], forget_seconds: float) -> None:
        """Keep what a host name stands for; what it has not stood for during `forget_seconds` is forgotten."""


class NothingKept:
    """For who has no journal."""

    async def allowed(self, pbx: str) -> Sequence[str]:
        """Nothing."""
        return ()

    async def logged_in(self) -> Sequence[str]:
        """Nobody."""
        return ()

    async def addresses(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """None."""
        return {}

    async def remember(self, name: str, addresses: Iterable[str], forget_seconds: float) -> None:
        """Forget it."""


class JournalMemory:
    """In the journal, shared by all processes of an installation."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def allowed(self, pbx: str) -> Sequence[str]:
        """As the journal has it now."""
        entries = await asyncio.to_thread(self._journal.guard.allowed, micros_now(), pbx)
        return tuple(dict.fromkeys(entry.value for entry in entries))

    async def logged_in(self) -> Sequence[str]:
        """As their logins say."""
        return await asyncio.to_thread(self._journal.accounts.addresses, now=micros_now())

    async def addresses(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """As any process saw them."""
        return await asyncio.to_thread(self._journal.guard.remembered, names)

    async def remember(self, name: str, addresses: Iterable[str], forget_seconds: float) -> None:
        """For all processes."""
        now = micros_now()
        before = now - round(forget_seconds * SECOND)
        await asyncio.to_thread(self._journal.guard.remember, name, addresses, now, before)
