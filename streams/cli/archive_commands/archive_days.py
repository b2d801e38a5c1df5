"""Which days of which archive a command is about, and how it goes through them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import unquote

import typer
from msgspec import Struct
from rich.progress import track

from streams.archive.archive_errors import DamagedError
from streams.archive.layout import Folder, key_of, keys_of
from streams.archive.rewriting import alone
from streams.archive.store import Archive
from streams.cli.support.choices import loaded
from streams.cli.support.failures import FAILED, WRONG_USAGE, err, fail
from streams.config.archive_settings import has_password

Config = Annotated[
    Path | None, typer.Option("--config", "-c", metavar="FILE", help="Configuration with `archive: {url: ...}`.")
]
ArchiveUrl = Annotated[
    str | None,
    typer.Option("--archive", "-a", metavar="URL", help="The archive: a folder, or a URL such as s3://bucket/name."),
]
OnlyPbx = Annotated[str | None, typer.Option("--pbx", metavar="NAME", help="Only this PBX.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="From here on: 2026-03-01, or with time and offset.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Until before this.")]

SHOWN = 10

T = TypeVar("T")


class ChosenDays(Struct, frozen=True, kw_only=True):
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


def choose(
    config: Path | None, url: str | None, pbx: str | None = None, since: str | None = None, until: str | None = None
) -> ChosenDays:
    """Of the archive that is named, or that of the configuration; an end where there is none."""
    settings = loaded(config) if config is not None else None
    place = url or (settings.archive.url if settings is not None else None)
    if place is None:
        fail("which archive? name it with --archive, or with --config one that has `archive: {url: ...}`", WRONG_USAGE)
    try:
        secret = has_password(place)
    except ValueError:
        fail("--archive: not a URL; write it as s3://bucket/ringfence", WRONG_USAGE)
    if secret:
        fail("--archive: no password in the URL: the store's library finds it in the environment", WRONG_USAGE)
    found = ChosenDays(
        archive=Archive(place), pbx=pbx, since=moment("--since", since), until=moment("--until", until)
    )  # fmt: skip
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


def printable(text: str) -> str:
    """A name as it may stand on a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


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
