"""What is asked of one Asterisk and done to it: a connection for actions only, opened when it is needed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from detector.formats.asterisk.asterisk_frames import Fields
from streams.asterisk.ami import Ami, ManagerPlace, opened
from streams.asterisk.manager_login import ManagerLogin
from streams.pbxs.pbx_errors import NotFound, TryAgain, Unreachable

T = TypeVar("T")
ANSWER_SECONDS = 10.0


class AmiClient:
    """One action after the other. What only reads is tried once more on a new connection; a change never is."""

    def __init__(self, place: ManagerPlace, login: ManagerLogin, *, within: float = ANSWER_SECONDS) -> None:
        self.place = place
        self.login = login
        self.within = within
        self._ami: Ami | None = None
        self._one_at_a_time = asyncio.Lock()
        self._closed = False

    async def ask(self, action: str, **fields: str | int) -> Fields:
        """The answer to an action that changes nothing."""
        return await self._read(lambda ami: ami.ask(action, **fields))

    async def list(self, action: str, **fields: str | int) -> list[Fields]:
        """The items of a list; none where the PBX says that there is nothing."""
        try:
            return await self._read(lambda ami: ami.list(action, **fields))
        except NotFound:
            return []

    async def change(self, action: str, **fields: str | int) -> Fields:
        """The answer to an action that changes something."""
        async with self._one_at_a_time:
            ami = await self._connected()
            self.login.may_change()
            return await self._tried(ami.ask(action, **fields))

    async def listen(self) -> Ami:
        """A connection of its own for all that happens."""
        return await opened(self.place, self.login, events=True, within=self.within)

    def close(self) -> None:
        """End it; nothing goes through it any more."""
        self._closed = True
        self._drop()

    async def _read(self, asking: Callable[[Ami], Awaitable[T]]) -> T:
        async with self._one_at_a_time:
            fresh = self._ami is None
            try:
                return await self._tried(asking(await self._connected()))
            except Unreachable:
                if fresh:
                    raise
            return await self._tried(asking(await self._connected()))

    async def _connected(self) -> Ami:
        if self._closed:
            raise Unreachable("manager interface: we have closed the connection")
        if self._ami is None:
            self._ami = await opened(self.place, self.login, events=False, within=self.within)
        return self._ami

    async def _tried(self, asked: Awaitable[T]) -> T:
        """Whoever is left in the middle of an answer leaves no connection that the next one could mistake it on."""
        try:
            return await asked
        except (TryAgain, asyncio.CancelledError):
            self._drop()
            raise

    def _drop(self) -> None:
        if self._ami is not None:
            self._ami.close()
            self._ami = None
