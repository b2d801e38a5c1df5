"""Say what is wrong in a configuration, and what will be seen with it."""

import sys

import typer
from rich.console import Console

from detector.contract.codec import from_micros
from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.cli.support.choices import loaded
from streams.cli.support.common_options import NeededConfig
from streams.cli.support.failures import WRONG_USAGE, err
from streams.cli.support.sights import sights
from streams.config.block_list_settings import BlockListSource
from streams.config.installation import Installation, core_settings
from streams.config.loading import check_report
from streams.containment.enforcers.enforcer import enforcer_settings
from streams.pbxs.sight import sight_of
from streams.report.visible_text import visible
from streams.runtime.list_status import status_of
from streams.runtime.tables import first_lists, tables
from streams.store.list_copies import ListCopy

WIDE = 160
"""Characters in a line where no terminal says how wide it is."""
EPILOG = "Example: ringfence check -c ringfence.yaml"


def command(config_file: NeededConfig) -> None:
    """Validate a configuration: every problem with file, line, field and what is allowed.

    Where it is good, say how each control of the guide is seen at each PBX, and which rules nothing feeds.
    """
    problems = check_report(config_file, enforcer_settings())
    for problem in problems:
        err.print(problem)
    if problems:
        raise typer.Exit(WRONG_USAGE)
    settings = loaded(config_file)
    lists = first_lists(settings, None)
    tables(settings, lists=lists)
    for each, copy in zip(settings.block_lists, lists, strict=True):
        err.print(describe(each, copy))
    err.print(f"{config_file}: good, {len(settings.pbxs)} PBX{'' if len(settings.pbxs) == 1 else 's'}")
    show(settings)


def show(settings: Installation) -> None:
    """What is seen of each PBX; nothing is asked for it."""
    policies = Policies(core_settings(settings), catalogue())
    width = None if sys.stdout.isatty() else WIDE
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    for one in sights((sight_of(pbx, policies.of(pbx.id)) for pbx in settings.pbxs), kafka=settings.kafka is not None):
        console.print(one)


def describe(settings: BlockListSource, copy: ListCopy | None) -> object:
    """What of a block list is used, in a line; one that is fetched is looked at by who runs."""
    if copy is None:
        return visible(f"block list {settings.name}: fetched from {settings.source} every {settings.every / 3_600:g} h")
    made_at = from_micros(copy.at).date().isoformat()
    return visible(f"block list {copy.name}: {status_of(copy).described}; {copy.source}, of {made_at}")
