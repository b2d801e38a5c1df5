"""Carries out `ringfence audit`: every PBX, what changed there since the last time, and the exit code."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from rich.console import Console

from detector.audit.changes import changes, snapshot
from detector.audit.posture_check import audit
from detector.contract.codec import Codec
from detector.contract.events import Config
from detector.contract.vocabulary import Severity
from detector.detect.catalogue import catalogue
from detector.settings import profile
from streams.audit.audit_report import Audited, Report, as_json, as_page, audited, report, show
from streams.audit.settings_file import SettingsFile
from streams.audit.snapshots import Snapshots, write_private
from streams.cli.support.failures import FAILED
from streams.cli.support.outputs import STDOUT
from streams.config.installation import Installation, InstalledPbx, core_settings
from streams.pbxs.pbx_errors import PbxError
from streams.yeastar.read_posture import read_posture

WARNING, CRITICAL, UNKNOWN = 3, 4, 5


class AuditWanted(Struct, frozen=True, kw_only=True):
    """What is to come of an audit besides the table."""

    json: bool = False
    html: Path | None = None
    events: Path | None = None


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
        show(made, Console(highlight=False, markup=False, emoji=False))
    return exit_code(made)


async def audit_all(
    settings: Installation, pbxs: Sequence[InstalledPbx], declared: SettingsFile, now: datetime
) -> tuple[list[Audited], list[Config]]:
    """Each PBX in its turn; one that cannot be reached does not keep the others from being audited."""
    core, snapshots = core_settings(settings), Snapshots(settings.data)
    found, changed = [], list[Config]()
    for pbx in pbxs:
        try:
            posture = await read_posture(pbx, profile(core, pbx.id, catalogue()), declared.of(pbx.id), now)
        except (PbxError, ValueError) as error:
            found.append(audited(pbx.id, now, (), str(error) or type(error).__name__))
            continue
        found.append(audited(pbx.id, now, audit(posture)))
        before, after = snapshots.last(pbx.id), snapshot(posture, now)
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
