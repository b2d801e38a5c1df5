"""Say what is wrong in a configuration."""

import typer

from detector.contract.codec import from_micros
from streams.cli.support.choices import loaded
from streams.cli.support.common_options import NeededConfig
from streams.cli.support.failures import WRONG_USAGE, err
from streams.config.block_list_settings import BlockListSource
from streams.config.installation import Installation
from streams.config.loading import check_report
from streams.containment.enforcers.enforcer import enforcer_settings
from streams.report.visible_text import visible
from streams.runtime.block_lists import own_addresses, read_file
from streams.runtime.list_status import ListStatus
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
    for each in settings.block_lists:
        err.print(describe(each, settings))
    err.print(f"{config_file}: good, {len(settings.pbxs)} PBX{'' if len(settings.pbxs) == 1 else 's'}")


def describe(settings: BlockListSource, installation: Installation) -> object:
    """What of a block list is used, in a line; one that is fetched is looked at by who runs."""
    if settings.file is None:
        return visible(f"block list {settings.name}: fetched from {settings.source} every {settings.every / 3_600:g} h")
    copy = read_file(settings.name, settings.file, own_addresses(installation))
    status = ListStatus(
        name=copy.name, source=copy.source, at=copy.at, entries=len(copy.networks), refused=copy.refused
    )  # fmt: skip
    made_at = from_micros(copy.at).date().isoformat()
    return visible(f"block list {copy.name}: {status.described}; {copy.source}, of {made_at}")
