"""Carries out `ringfence archive`: each command over the chosen days, with a progress bar, to an exit code."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path
from secrets import token_hex
from typing import TypeVar
from urllib.parse import unquote

from msgspec import Struct
from rich.console import Console
from rich.filesize import decimal
from rich.progress import track
from rich.table import Table

from detector.contract.codec import Codec
from detector.contract.events import AnyEvent, Control, Unknown
from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.archive.archive_errors import DamagedError
from streams.archive.checking import check
from streams.archive.erasure import ErasureSubject, erase, matching
from streams.archive.layout import Folder, key_of, keys_of
from streams.archive.pace import AT_ONCE
from streams.archive.reading import events_of
from streams.archive.rewriting import alone, compact, expire, expired, settled
from streams.archive.store import Archive
from streams.archive.tidying import kept_by
from streams.cli.support.failures import FAILED, WRONG_USAGE, err, fail
from streams.cli.support.outputs import output
from streams.config.archive_settings import has_password
from streams.config.installation import Installation, core_settings
from streams.runtime.clock import utc_now

SHOWN = 10

T = TypeVar("T")


class Chosen(Struct, frozen=True, kw_only=True):
    """What of an archive a command is about."""

    archive: Archive
    pbx: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def days(self) -> list[Folder]:
        """The days that lie in it at least in part; an end where there is no archive, or nothing of the PBX in it."""
        keys, url = keys_of(self.archive.files), self.archive.files.url
        if not keys:
            fail(f"{url}: there is no archive here, or nothing in it yet", FAILED)
        if self.pbx is not None and key_of(self.pbx) not in keys:
            known = ", ".join(printable(unquote(key)) for key in keys[:SHOWN]) + (", ..." if len(keys) > SHOWN else "")
            fail(f"{url}: nothing of the PBX {printable(self.pbx)} is archived; there are {known}", FAILED)
        return self.archive.days(self.pbx, self.since, self.until)


def chosen(
    settings: Installation | None, url: str | None, pbx: str | None = None, since: str | None = None,
    until: str | None = None,
) -> Chosen:  # fmt: skip
    """The archive that is named, or that of the configuration; an end where there is none."""
    place = url or (settings.archive.url if settings is not None else None)
    if place is None:
        fail("which archive? name it with --archive, or with --config one that has `archive: {url: ...}`", WRONG_USAGE)
    try:
        secret = has_password(place)
    except ValueError:
        fail("--archive: not a URL; write it as s3://bucket/ringfence", WRONG_USAGE)
    if secret:
        fail("--archive: no password in the URL: the store's library finds it in the environment", WRONG_USAGE)
    found = Chosen(archive=Archive(place), pbx=pbx, since=moment("--since", since), until=moment("--until", until))
    if found.since is not None and found.until is not None and found.since >= found.until:
        fail("--since must lie before --until", WRONG_USAGE)
    return found


def moment(option: str, text: str | None) -> datetime | None:
    """A moment as people write it, UTC unless it says otherwise; an end where it is none."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option}: {text!r} is no time; write it as 2026-03-01 or 2026-03-01T08:00:00+01:00", WRONG_USAGE)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def watched(days: Sequence[Folder], what: str) -> Iterable[Folder]:
    """The days, with a progress bar on a terminal."""
    return track(days, what, console=err, transient=True, disable=not err.is_terminal)


def show(of: Chosen) -> None:
    """One line a PBX: its days, files and bytes."""
    shown = Table("PBX", "days", "first", "last", "files", "size", box=None, pad_edge=False)
    for pbx, group in groupby(watched(of.days(), "looking"), key=lambda folder: folder.pbx):
        days = list(group)
        sizes = [size for folder in days for size in of.archive.sizes(folder)]
        shown.add_row(
            printable(pbx), str(len(days)), days[0].day.isoformat(), days[-1].day.isoformat(), str(len(sizes)),
            decimal(sum(sizes)),
        )  # fmt: skip
    if not shown.row_count:
        fail(f"{of.archive.files.url}: nothing is archived here for this choice", FAILED)
    Console(highlight=False, markup=False, emoji=False, soft_wrap=True).print(shown)


def printable(text: str) -> str:
    """A name as it may stand on a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def verify(of: Chosen) -> int:
    """Read everything; every problem on a line of its own. The exit code."""
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
    return FAILED if problems else 0


def export(of: Chosen, out: Path | None) -> None:
    """Events as JSON lines; ours, which no other program may write, are left out."""
    codec = Codec()
    written = 0
    days = of.days()
    sizes = {folder: sum(of.archive.sizes(folder)) for folder in days}
    with output(out, sum(sizes.values()), err) as to:
        for folder in days:
            for event in events_of(of.archive, folder, of.since, of.until):
                if not isinstance(event, Control):
                    to.lines.write(codec.encode(event) + b"\n")
                    written += 1
            to.advanced(sizes[folder])
    err.print(f"{written} events")


def bring_in(archive: Archive, events: Iterable[AnyEvent | Unknown]) -> int:
    """Events of files into the archive; returns how many. Those that are there already are read once all the same."""
    log, taken = f"import.{token_hex(8)}", 0
    numbered = enumerate(events, 1)
    while batch := list(islice(numbered, AT_ONCE)):
        archive.write(log, batch)
        taken += len(batch)
    return taken


def put_together(of: Chosen, settings: Installation | None, *, forget: bool) -> int:
    """Compact the days that are over, and with `forget` remove those beyond their PBX's retention. The exit code."""
    if forget and settings is None:
        fail("--expire needs --config, which says how long raw events are kept", WRONG_USAGE)
    now, days = utc_now(), settled(of.days(), utc_now().date())
    gone, left = divided(of.archive, days, settings, now) if forget and settings is not None else ([], days)
    removed = sum(done for _, done in each(of.archive, gone, "removing", lambda day: expire(of.archive, day)))
    tried = list(each(of.archive, left, "compacting", lambda day: compact(of.archive, day)))
    made = [done for _, done in tried if done is not None]
    err.print(
        f"{len(made)} days put together, {sum(one.files for one in made)} files into {len(made)}, "
        f"{sum(one.rows - one.rows_left for one in made)} events that stood there twice removed"
        + (f"; {len(gone)} old days with {removed} files removed" if forget else "")
    )
    return FAILED if len(tried) < len(left) else 0


def divided(
    archive: Archive, days: Sequence[Folder], settings: Installation, now: datetime
) -> tuple[list[Folder], list[Folder]]:
    """Days beyond the retention of their PBX, and the others."""
    keep = kept_by(Policies(core_settings(settings), catalogue()))
    old = {day for day in days if expired(archive.files, day, keep(day.pbx), now)}
    return [day for day in days if day in old], [day for day in days if day not in old]


def forget(of: Chosen, subjects: Sequence[ErasureSubject], *, mask: bool) -> int:
    """Erase subjects from all chosen days, and say what this does not reach. The exit code."""
    for subject in subjects:
        try:
            matching(subject)
        except ValueError as error:
            fail(f"--{subject.kind}: {error}", WRONG_USAGE)
    days = of.days()
    tried = list(each(of.archive, days, "erasing", lambda day: erase(of.archive, day, subjects, mask=mask)))
    rows = sum(done for _, done in tried)
    err.print(f"{rows} events on {sum(done > 0 for _, done in tried)} days {'masked' if mask else 'removed'}")
    if len(tried) < len(days):
        err.print(f"{len(days) - len(tried)} days were not searched: their files are damaged")
    err.print(
        "Not reached: events that still wait in the log (run this again after archive.every; Kafka keeps its own for "
        "seven days), the journal's incidents "
        "and their evidence (privacy.retention.findings), backups and copies of the archive."
    )
    return FAILED if len(tried) < len(days) else 0


def each(
    archive: Archive, days: Sequence[Folder], what: str, work: Callable[[Folder], T]
) -> Iterator[tuple[Folder, T]]:
    """Work on each day while nobody else rewrites the archive; a damaged one is told and left out."""
    if not days:
        return
    with alone(archive.files) as renew:
        for folder in watched(days, what):
            renew()
            try:
                done = work(folder)
            except DamagedError as error:
                err.print(f"{folder.path}: left as it is: {error}")
                continue
            yield folder, done
