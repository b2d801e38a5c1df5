"""Tells people without any disk what no journal can keep: that nothing can be written, and when that is over."""

import asyncio
from collections.abc import Callable, Sequence
from socket import gethostname

import structlog

from streams.notify.compose import Message
from streams.notify.deliveries import attempt
from streams.notify.sender import Channel

LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 5.0
AGAIN_SECONDS = 60.0

log = structlog.get_logger(__name__)


class DiskAlarm:
    """Looks at `problem`; one that lasts is told to every channel once, until each has taken it, and so is its end."""

    def __init__(self, channels: Sequence[Channel], problem: Callable[[], str | None]) -> None:
        self._channels = channels
        self._problem = problem
        self._told: set[str] = set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            problem = self._problem()
            if problem is not None:
                await asyncio.sleep(PATIENCE_SECONDS)
                problem = self._problem()
            if problem is not None:
                await self._tell(problem)
            elif self._told:
                await self._tell_end()

    async def _tell(self, problem: str) -> None:
        message = Message(f"[CRITICAL] Ringfence on {gethostname()}: {problem}", f"{problem}\n\nMake room on its disk.")
        untold = [channel for channel in self._channels if channel.name not in self._told]
        errors = await asyncio.gather(*(attempt(channel.sender, message) for channel in untold))
        for channel, error in zip(untold, errors, strict=True):
            if error is None:
                self._told.add(channel.name)
            else:
                log.warning("alarm not sent", channel=channel.name, error=error)
        if any(errors):
            await asyncio.sleep(AGAIN_SECONDS)

    async def _tell_end(self) -> None:
        text = "It can be written again. What PBXs sent meanwhile is fetched or sent again by them."
        message = Message(f"Ringfence on {gethostname()}: {text}", text)
        told = [channel for channel in self._channels if channel.name in self._told and not channel.rings]
        self._told.clear()
        await asyncio.gather(*(attempt(channel.sender, message) for channel in told))
