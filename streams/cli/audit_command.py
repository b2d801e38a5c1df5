"""Judge the settings of the PBXs."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console

from detector.audit.changes import changes, snapshot
from detector.audit.posture_check import audit
from detector.contract.codec import Codec
from detector.contract.events import Config
from detector.contract.vocabulary import Severity
from detector.detect.catalogue import catalogue
from detector.settings import profile
from streams.audit.audit_report import Audited, Report, as_json, as_page, audited, report, tables
from streams.audit.read_pbx import read_pbx
from streams.audit.settings_file import SettingsFile, read_settings
from streams.audit.settings_file import template as empty_settings
from streams.audit.snapshots import Snapshots, write_private
from streams.cli.support.choices import loaded
from streams.cli.support.common_options import ConfigFile
from streams.cli.support.failures import FAILED, WRONG_USAGE, fail
from streams.cli.support.outputs import STDOUT
from streams.config.installation import Installation, InstalledPbx, core_settings
from streams.pbxs.pbx_errors import PbxError

EPILOG = """\b
Examples:
  ringfence audit --template > portal.yaml
  ringfence audit -c ringfence.yaml --settings portal.yaml --html audit.html

Exit codes: 0 all good, 1 a PBX could not be audited, 2 wrong usage, 3 a warning, 4 something critical, 5 nothing weak
but something unknown. What is marked info does not count.
"""
WARNING, CRITICAL, UNKNOWN = 3, 4, 5


class AuditWanted(Struct, frozen=True, kw_only=True):
    """What is to come of an audit besides the table."""

    json: bool = False
    html: Path | None = None
    events: Path | None = None


def command(
    config_file: ConfigFile = None,
    pbx: Annotated[str | None, typer.Option("--pbx", metavar="NAME", help="Only this PBX.")] = None,
    settings_file: Annotated[
        Path | None,
        typer.Option("--settings", metavar="FILE", help="What the portal shows and the API does not: YAML."),
    ] = None,
    template: Annotated[bool, typer.Option("--template", help="Print an empty settings file, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not a table.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a report to read or print.")
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(
            "--events", metavar="FILE", help="Write what changed since the last audit as events; - is stdout."
        ),
    ] = None,
) -> None:
    """Judge the settings of the PBXs by the posture controls of the guide; nothing is changed there.

    They are read through the API. What it does not show, or what its permissions refuse, is unknown unless the settings
    file says it.
    """
    if template:
        typer.echo(empty_settings(), nl=False)
        return
    if config_file is None:
        fail("--config is needed: which PBXs?", WRONG_USAGE)
    settings = loaded(config_file, secrets=("client_id", "client_secret"))
    chosen = [one for one in settings.pbxs if (one.id == pbx if pbx is not None else one.connection is not None)]
    if not chosen:
        known = ", ".join(one.id for one in settings.pbxs) or "none"
        fail(f"{config_file}: no such PBX with a connection; there are {known}", WRONG_USAGE)
    declared = read_settings(settings_file, [one.id for one in settings.pbxs])
    raise typer.Exit(run_audit(settings, chosen, declared, AuditWanted(json=as_json, html=html, events=events)))


def run_audit(settings: Installation, pbxs: Sequence[InstalledPbx], declared: SettingsFile, wanted: AuditWanted) -> int:
    """Audit these PBXs; the exit code."""
    now = datetime.now(UTC).replace(microsecond=0)
    found, changed = asyncio.run(audit_all(settings, pbxs, declared, now))
    made = report(found, now)
    if wanted.html is not None:
        write_private(wanted.html, as_page(made))
    if wanted.events is not None:
        write_events(wanted.events, changed)
    if wanted.json:
        sys.stdout.buffer.write(as_json(made))
    else:
        console = Console(highlight=False, markup=False, emoji=False)
        for one in tables(made):
            console.print(one)
    return exit_code(made)


async def audit_all(
    settings: Installation, pbxs: Sequence[InstalledPbx], declared: SettingsFile, now: datetime
) -> tuple[list[Audited], list[Config]]:
    """Each PBX in its turn; one that cannot be reached does not keep the others from being audited."""
    core, snapshots = core_settings(settings), Snapshots(settings.data)
    found, changed = [], list[Config]()
    for pbx in pbxs:
        try:
            seen = await read_pbx(pbx, profile(core, pbx.id, catalogue()), declared.of(pbx.id), now)
        except (PbxError, ValueError) as error:
            found.append(audited(pbx.id, now, (), str(error) or type(error).__name__))
            continue
        found.append(
            replace(audited(pbx.id, now, audit(seen.posture)), capabilities=seen.capabilities, notes=seen.notes)
        )
        before, after = snapshots.last(pbx.id), snapshot(seen.posture, now)
        if before is not None:
            changed += changes(pbx.id, before, after)
        snapshots.keep(pbx.id, after)
    return found, changed


def write_events(to: Path, events: Sequence[Config]) -> None:
    """Contract events as JSON lines."""
    codec = Codec()
    content = b"".join(codec.encode(event) + b"\n" for event in events)
    if str(to) == STDOUT:
        sys.stdout.buffer.write(content)
    else:
        write_private(to, content)


def exit_code(made: Report) -> int:
    """1 if a PBX was not audited, 4 critical, 3 warning, 5 nothing weak but something unknown, 0 all good."""
    if any(one.error is not None for one in made.pbxs):
        return FAILED
    if made.score.worst in {Severity.CRITICAL, Severity.WARNING}:
        return CRITICAL if made.score.worst is Severity.CRITICAL else WARNING
    return UNKNOWN if made.score.unknown else 0
