"""Say what is wrong in a configuration."""

import typer

from streams.cli.support.choices import loaded
from streams.cli.support.common_options import NeededConfig
from streams.cli.support.failures import WRONG_USAGE, err
from streams.config.loading import check_report
from streams.containment.enforcers.enforcer import enforcer_settings
from streams.runtime.tables import tables

EPILOG = "Example: ringfence check -c ringfence.yaml"


def command(config_file: NeededConfig) -> None:
    """Validate a configuration: every problem with file, line, field and what is allowed."""
    problems = check_report(config_file, enforcer_settings())
    for problem in problems:
        err.print(problem)
    if problems:
        raise typer.Exit(WRONG_USAGE)
    settings = loaded(config_file)
    tables(settings)
    err.print(f"{config_file}: good, {len(settings.pbxs)} PBX{'' if len(settings.pbxs) == 1 else 's'}")
