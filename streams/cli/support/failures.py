"""How a command ends that cannot do its work: one line a person can act on, and the exit code."""

from typing import NoReturn

import typer
from rich.console import Console

from streams.processes.exit_codes import FAILED, WRONG_USAGE

__all__ = ["FAILED", "WRONG_USAGE", "err", "fail"]

err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


def fail(text: str, code: int = FAILED) -> NoReturn:
    """Say what is wrong, in one place, and end."""
    err.print(text)
    raise typer.Exit(code)
