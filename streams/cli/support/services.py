"""What a service that is started says to people, and why it cannot start."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from streams.cli.support.failures import err, fail
from streams.config.installation import Installation
from streams.processes.data_folder import InUseError, locked
from streams.processes.explain import explained
from streams.processes.supervise import Ready

NOT_TO_BE_HAD = {errno.EADDRINUSE, errno.EADDRNOTAVAIL}


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
