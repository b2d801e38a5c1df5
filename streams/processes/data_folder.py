"""The data folder of a process on one machine: nobody else works in it, and where its journal is."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.config.installation import Installation

LOCK_FILE = "lock"


class InUseError(RuntimeError):
    """Another process uses the same data folder."""


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Nobody else works in this data folder. Raises `InUseError`."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data / LOCK_FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InUseError(f"{data} is in use by another ringfence; stop it, or choose another data folder") from None
        yield


def journal_url(settings: Installation) -> str:
    """Where the journal is: PostgreSQL where one is named, else a file of its own."""
    if settings.journal is not None:
        return settings.journal.get_secret_value()
    return f"sqlite:///{journal_file(settings)}"


def journal_file(settings: Installation) -> Path:
    """Where the journal is while no other database is named."""
    return settings.data.absolute() / "journal.db"


def in_use(data: Path) -> bool:
    """Whether a process works in this data folder now; changes nothing."""
    try:
        with (data / LOCK_FILE).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
