"""Runs the service for the command line: one to a data folder, ended in good order by a signal."""

import asyncio
import errno
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from streams.cli.support.choices import cluster_of, named
from streams.cli.support.failures import err, explained, fail
from streams.config.installation import Installation
from streams.processes.run import InUseError, Service, locked
from streams.processes.serve import Serve
from streams.processes.supervise import Ready
from streams.store.store_errors import UnavailableError

NOT_TO_BE_HAD = {errno.EADDRINUSE, errno.EADDRNOTAVAIL}


class Process(Protocol):
    """What works until it is told to stop."""

    def stop(self) -> None:
        """End `run` in good order."""

    async def run(self, ready: Callable[[Ready], None]) -> None:
        """Work until `stop`."""


def run(settings: Installation, what: str) -> None:
    """Run the service until it is told to stop, or fail with a reason."""
    with guarded(settings.data), listening(settings):
        asyncio.run(until_signal(partial(Service, settings), lambda ready: greet(ready, what)))


def serve(settings: Installation, name: str) -> None:
    """Run the console, webhooks and feed of the Kafka runtime until told to stop, or fail with a reason."""
    kafka, database = cluster_of(settings, "serve")
    try:
        with listening(settings):
            made = partial(Serve, settings, kafka, database, named(name))
            asyncio.run(until_signal(made, lambda ready: greet(ready, served(settings, ready))))
    except (UnavailableError, SQLAlchemyError) as error:
        fail(f"ringfence: {explained(error)[0]} (the database is where `journal` of the configuration says)")


def served(settings: Installation, ready: Ready) -> str:
    """What there is besides the console."""
    place = f"{settings.webhook.host}:{ready.outside_port}"
    return "serving" if ready.outside_port is None else f"serving; webhooks and feed on {place}"


def greet(ready: Ready, what: str) -> None:
    """Say where the console is; the password only when it was just made."""
    err.print(f"Ringfence is {what}\nconsole  {ready.console}")
    if ready.password is not None:
        err.print(f"log in   admin / {ready.password}   (shown only this once)")


@contextmanager
def guarded(data: Path) -> Iterator[None]:
    """The data folder is ours alone; a database that cannot be used is said to be there, or where the journal is."""
    try:
        with locked(data):
            yield
    except InUseError as error:
        fail(f"ringfence: {error}")
    except SQLAlchemyError as error:
        fail(f"ringfence: {explained(error)[0]} (it is in {data}, or where `journal` of the configuration says)")


@contextmanager
def listening(settings: Installation) -> Iterator[None]:
    """An address that is not to be had is named."""
    try:
        yield
    except OSError as error:
        if error.errno not in NOT_TO_BE_HAD or error.filename is not None:
            raise
        console, webhook = settings.console, settings.webhook
        places = f"{console.host}:{console.port} (console) or {webhook.host}:{webhook.port} (webhook)"
        fail(f"ringfence: cannot listen on {places}: {error.strerror}; set another host or port in the configuration")


async def until_signal(made: Callable[[], Process], ready: Callable[[Ready], None]) -> None:
    """The process, ended in good order by SIGINT or SIGTERM."""
    process = made()
    on_signal(process.stop)
    await process.run(ready)


def on_signal(stop: Callable[[], None]) -> None:
    """Have SIGINT and SIGTERM end what runs in this event loop in good order."""
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop)
