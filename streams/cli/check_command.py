"""Say what is wrong in a configuration, and what will be seen with it."""

import asyncio
import sys

import typer
from rich.console import Console
from sqlalchemy.exc import ProgrammingError

from detector.contract.codec import from_micros
from detector.detect.catalogue import catalogue
from detector.settings import Policies
from detector.settings.values import is_name
from streams.cli.support.choices import loaded
from streams.cli.support.common_options import NeededConfig
from streams.cli.support.failures import WRONG_USAGE, err
from streams.cli.support.sights import sights
from streams.config.block_list_settings import BlockListSource
from streams.config.dangers.risks import is_fresh, open_risks
from streams.config.installation import Installation, core_settings
from streams.config.loading import check_report, risk_lines
from streams.containment.enforcers.enforcer import enforcer_settings
from streams.containment.left_overs import find_left_overs, in_lines
from streams.lists.host_names import resolve_all
from streams.pbxs.guarding.known_names import resolve
from streams.pbxs.sight import sight_of
from streams.processes.data_folder import journal_file, journal_url
from streams.report.visible_text import visible
from streams.runtime.list_status import status_of
from streams.runtime.tables import first_lists, tables
from streams.sources.followed import unreadable
from streams.store.database import open_engine
from streams.store.journal.journal import Journal
from streams.store.keys import KEY_FILE
from streams.store.list_copies import ListCopy
from streams.store.store_errors import UnavailableError

NOT_FOUND = "{} cannot be looked up now: if it never could, blocks of addresses that send calls wait for a person"
NOT_READ = "{}: {}: nothing is seen by it until it can be read"
WIDE = 160
"""Characters in a line where no terminal says how wide it is."""
EPILOG = "Example: ringfence check -c ringfence.yaml"


def command(config_file: NeededConfig) -> None:
    """Validate a configuration: every problem with file, line, field and what is allowed.

    What is allowed and still dangerous is said, too, with what to write instead; it is not good until somebody accepts
    that by name under `accepted_risks`. Say how each control of the guide is seen at each PBX, and which rules nothing
    feeds.
    """
    problems = check_report(config_file, enforcer_settings())
    for problem in problems:
        err.print(problem)
    if problems:
        raise typer.Exit(WRONG_USAGE)
    settings = loaded(config_file, secrets=None)
    lists = first_lists(settings, None)
    tables(settings, lists=lists)
    for each, copy in zip(settings.block_lists, lists, strict=True):
        err.print(describe(each, copy))
    risks = risk_lines(config_file, open_risks(settings, fresh=is_fresh(settings, KEY_FILE)))
    for said in (*risks, *missing_names(settings)):
        err.print(visible(said))
    for pbx in settings.pbxs:
        for said in unreadable(pbx):
            err.print(visible(NOT_READ.format(pbx.id, said)))
    for line in left_over(settings):
        err.print(line)
    if not risks:
        err.print(f"{config_file}: good, {len(settings.pbxs)} PBX{'' if len(settings.pbxs) == 1 else 's'}")
    show(settings)
    if risks:
        raise typer.Exit(WRONG_USAGE)


def missing_names(settings: Installation) -> list[str]:
    """A line for each host name that must never be blocked and cannot be looked up now."""
    policies = Policies(core_settings(settings), catalogue())
    profiles = [policies.of(pbx.id) for pbx in settings.pbxs if pbx.connection is not None]
    hosts = [host for one in profiles for trunk in one.trunks.values() for host in trunk.hosts]
    named = [host for host in dict.fromkeys((*hosts, *(e for one in profiles for e in one.protected))) if is_name(host)]
    found = asyncio.run(resolve_all(named, (), resolve))
    return [NOT_FOUND.format(name) for name, host in zip(named, found, strict=True) if host is None]


def left_over(settings: Installation) -> list[str]:
    """What stands and nobody with these settings could undo; the journal is only read."""
    if settings.journal is None and not journal_file(settings).exists():
        return []
    engine = open_engine(journal_url(settings))
    try:
        found = find_left_overs(Journal(engine), {pbx.id for pbx in settings.pbxs}, settings.enforcers.named().keys())
    except (UnavailableError, ProgrammingError):
        return ["attention: the journal cannot be read now: whether something stands on a PBX is not known"]
    finally:
        engine.dispose()
    return in_lines(found)


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
