"""The program `ringfence`: what all commands have in common."""

import gc
import os
import sys
from contextlib import suppress
from importlib.metadata import version
from typing import Annotated

import typer

from streams.cli.command_folder import folder
from streams.cli.support.failures import err
from streams.observe import logs

commands = typer.Typer(
    name="ringfence", cls=folder("streams.cli"), no_args_is_help=True, add_completion=False, rich_markup_mode=None,
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
    help="Watches telephone systems (PBXs) and stops toll fraud while it happens. New here? Try: ringfence demo",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. RINGFENCE_LOG=debug, info (the default), "
    "warning or error says how much is logged.",
)  # fmt: skip


def app() -> None:
    """Run the command; whatever goes wrong ends in one line and an exit code."""
    try:
        logs.configure(logs.level_of())
        commands()
    except Exception as error:
        from streams.processes.explain import explained  # late: it knows the errors of every part

        text, code = explained(error)
        err.print(f"ringfence: {text}")
        discard_output()
        sys.exit(code)
    finally:
        gc.freeze()  # all of it goes with the process: to search it for garbage first takes more than a second


def discard_output() -> None:
    """What is still buffered for a standard output that cannot be written would be tried, and told, once more."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"ringfence {version('ringfence')}")
        raise typer.Exit


@commands.callback()
def main(
    _: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """What all commands have in common."""
