"""Set a new password for the console."""

import sys
from typing import Annotated

import typer

from streams.cli.support.choices import loaded
from streams.cli.support.common_options import NeededConfig
from streams.cli.support.failures import WRONG_USAGE, err, fail
from streams.config.installation import Installation
from streams.console.logins import LONGEST_PASSWORD, change_password
from streams.processes.data_folder import journal_file, journal_url
from streams.store.journal.journal import Journal
from streams.store.migrate import opened

EPILOG = """\b
Examples:
  ringfence password -c ringfence.yaml
  ringfence password -c ringfence.yaml admin < new-password
"""
LONGEST_LINE = 8 * LONGEST_PASSWORD


def command(
    config_file: NeededConfig,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Whose password it is.")] = "admin",
) -> None:
    """Set a new password for a user of the console, who is logged out everywhere.

    It is asked for without being shown, or read from the first line of standard input where that is no terminal.
    """
    reset(loaded(config_file, secrets=("journal",)), name)


def reset(settings: Installation, name: str) -> None:
    """Read the new password and set it, or fail with a reason."""
    if settings.journal is None and not journal_file(settings).exists():
        fail(f"ringfence: there is no {journal_file(settings)}: no console was ever started with this configuration")
    engine = opened(journal_url(settings), "journal")
    try:
        journal = Journal(engine)
        if journal.accounts.password_hash(name) is None:
            fail(f"ringfence: the console has no user {name!r}", WRONG_USAGE)
        change_password(journal, name, new_password())
    except ValueError as error:
        fail(f"ringfence: {error}", WRONG_USAGE)
    finally:
        engine.dispose()
    err.print(f"{name} has a new password and is logged out everywhere")


def new_password() -> str:
    """Asked for twice on a terminal; else the first line. Raises ValueError for what is no text."""
    if sys.stdin.isatty():
        return str(typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True))
    try:
        return sys.stdin.buffer.readline(LONGEST_LINE).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("the password is not UTF-8 text") from None
