"""Whether everything is readable and as it was written."""

import typer

from streams.archive.checking import check
from streams.cli.archive_commands.archive_days import ArchiveUrl, Config, OnlyPbx, Since, Until, choose, watched
from streams.cli.support.failures import FAILED, err

EPILOG = "Example: ringfence archive check -a /var/lib/ringfence/archive --since 2026-03-01"


def command(
    config: Config = None, url: ArchiveUrl = None, pbx: OnlyPbx = None, since: Since = None, until: Until = None
) -> None:
    """Read every file and compare it with its checksum; say what is damaged, misplaced or there twice.

    A file that was removed is not missed: nothing tells of it. Exit code 1 if there is a problem.
    """
    of = choose(config, url, pbx, since, until)
    days = files = rows = twice = unfinished = problems = 0
    for folder in watched(of.days(), "checking"):
        found = check(of.archive, folder)
        days, files, rows = days + 1, files + found.files, rows + found.rows
        twice, unfinished, problems = twice + found.twice, unfinished + found.unfinished, problems + len(found.problems)
        for problem in found.problems:
            err.print(problem)
    err.print(
        f"{days} days, {files} files, {rows} events, {twice} of them twice (compact removes those), "
        f"{unfinished} files left unfinished by a crash, {problems} problems"
    )
    raise typer.Exit(FAILED if problems else 0)
