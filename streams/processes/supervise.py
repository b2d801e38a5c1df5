"""Runs a process until a signal ends it: its parts side by side, until somebody stops it or one of them fails."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from typing import ParamSpec, Protocol

from msgspec import Struct

PATIENCE = 20.0

P = ParamSpec("P")


class Ready(Struct, frozen=True):
    """What a person must know once the process runs: where the console is, and a first password if one was made."""

    console: str
    password: str | None
    outside_port: int | None


class Process(Protocol[P]):
    """What works until it is told to stop; it calls `ready` once it does."""

    def stop(self) -> None:
        """End `run` in good order."""

    async def run(self, ready: Callable[P, None]) -> None:
        """Work until `stop`."""


async def until_signal(made: Callable[[], Process[P]], ready: Callable[P, None]) -> None:
    """The process, ended in good order by SIGINT or SIGTERM."""
    process = made()
    on_signal(process.stop)
    await process.run(ready)


def on_signal(stop: Callable[[], None]) -> None:
    """Have SIGINT and SIGTERM end what runs in this event loop in good order."""
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop)


async def until_stopped(stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Until somebody sets `stop`, or one part has ended: then its error is ours."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for task in done:
        if task is not stopping:
            task.result()
            if not stop.is_set():
                raise RuntimeError(f"{task.get_name()} ended by itself")


async def ended(tasks: Sequence[asyncio.Task[None]], *, cancel: bool = False) -> None:
    """Wait until they have ended, at most `PATIENCE` seconds; what they raised was said before."""
    if cancel:
        for task in tasks:
            task.cancel()
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=PATIENCE)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
