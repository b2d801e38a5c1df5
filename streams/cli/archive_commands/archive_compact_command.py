"""Put the parts of days together."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.archive.layout import Folder
from streams.archive.rewriting import compact, expire, expired, settled
from streams.archive.store import Archive
from streams.archive.tidying import kept_by
from streams.cli.archive_commands.archive_days import ArchiveUrl, Config, OnlyPbx, Since, Until, choose, each
from streams.cli.support.choices import loaded
from streams.cli.support.failures import FAILED, WRONG_USAGE, err, fail
from streams.config.installation import Installation, core_settings
from streams.runtime.clock import utc_now

EPILOG = "Example: ringfence archive compact -c ringfence.yaml --expire"


def command(
    config: Config = None, url: ArchiveUrl = None, pbx: OnlyPbx = None, since: Since = None, until: Until = None,
    old_too: Annotated[
        bool, typer.Option("--expire", help="Also remove days older than `privacy.retention.raw` of their PBX.")
    ] = False,
) -> None:  # fmt: skip
    """Put the small files of each day that is over into one, and remove what stands there twice.

    `ringfence run` does this by itself, with --expire. Safe while events are being written, and when it is interrupted.
    """
    of = choose(config, url, pbx, since, until)
    if old_too and config is None:
        fail("--expire needs --config, which says how long raw events are kept", WRONG_USAGE)
    now, days = utc_now(), settled(of.days(), utc_now().date())
    gone, left = divided(of.archive, days, loaded(config), now) if old_too else ([], days)
    removed = sum(done for _, done in each(of.archive, gone, "removing", lambda day: expire(of.archive, day)))
    tried = list(each(of.archive, left, "compacting", lambda day: compact(of.archive, day)))
    made = [done for _, done in tried if done is not None]
    err.print(
        f"{len(made)} days put together, {sum(one.files for one in made)} files into {len(made)}, "
        f"{sum(one.rows - one.rows_left for one in made)} events that stood there twice removed"
        + (f"; {len(gone)} old days with {removed} files removed" if old_too else "")
    )
    raise typer.Exit(FAILED if len(tried) < len(left) else 0)


def divided(
    archive: Archive, days: Sequence[Folder], settings: Installation, now: datetime
) -> tuple[list[Folder], list[Folder]]:
    """Days beyond the retention of their PBX, and the others."""
    keep = kept_by(Policies(core_settings(settings), catalogue()))
    old = {day for day in days if expired(archive.files, day, keep(day.pbx), now)}
    return [day for day in days if day in old], [day for day in days if day not in old]
