"""Keeps block lists and host names up to date while we run, and says in the log from where on which are in force."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import structlog
from msgspec import Struct
from msgspec.structs import replace

from detector.contract.events import EVERY_PBX, Control
from detector.contract.vocabulary import ControlName
from detector.enrich.premises import LISTS, Tables
from detector.settings import Policies
from streams.config.block_list_settings import BlockListSource
from streams.config.installation import Installation
from streams.lists.fetching import FetchError, fetch
from streams.lists.host_names import NamedHost, Resolve, names_in, resolve_all
from streams.pbxs.guarding.known_names import resolve
from streams.runtime.block_lists import TableError, made, own_addresses, read_content, read_file
from streams.runtime.clock import micros_now, utc_now
from streams.runtime.ingest import PutControl
from streams.runtime.list_status import ListStatus, status_of
from streams.store.list_copies import ListCopies, ListCopy
from streams.store.store_errors import UnavailableError

LOOK_EVERY = 10.0
AGAIN = 300.0
NAMES_EVERY = 300.0
OLD = 86_400_000_000
"""Microseconds after which a list that is still the same is said to be so once more."""
Signature = tuple[int, int, int]
OF_NO_FILE: Signature = (0, 0, 0)

log = structlog.get_logger(__name__)


class Kept(Struct):
    """One list: as it is now, and when it is to be looked at again (by the monotonic clock)."""

    settings: BlockListSource
    copy: ListCopy | None
    due: float = 0.0
    seen: Signature | None = None
    used: Signature | None = OF_NO_FILE
    problem: str | None = None

    @property
    def status(self) -> ListStatus:
        """How it is doing."""
        if self.copy is None:
            return ListStatus(name=self.settings.name, source=self.settings.source, problem=self.problem)
        return status_of(self.copy, self.problem)


class ListKeeper:
    """Looks at files, asks servers and the resolver; what changed is kept and announced. Until cancelled.

    `lists` are the first ones, as they were read at the start, of which `tables` were made.
    A list that cannot be had stays what it was, and that is said.
    """

    def __init__(
        self,
        settings: Installation,
        policies: Policies,
        tables: Tables,
        lists: Sequence[ListCopy | None],
        copies: ListCopies,
        resolve: Resolve = resolve,
    ) -> None:
        self._own = own_addresses(settings)
        self._names = names_in(policies, [pbx.id for pbx in settings.pbxs])
        self._other = {name: digest for name, digest in tables.digests.items() if name != LISTS}
        self._copies = copies
        self._resolve = resolve
        self._lists = [
            Kept(each, copy)  # a file is looked at once more: it may have changed while it was read
            for each, copy in zip(settings.block_lists, lists, strict=True)
        ]  # fmt: skip
        self._hosts: dict[str, NamedHost] = {}
        self._lost: set[str] = set()
        self._names_due = 0.0
        copies.keep([kept.copy for kept in self._lists if kept.copy is not None])

    @property
    def needed(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self._lists or self._names)

    @property
    def digests(self) -> dict[str, str]:
        """Name to digest of all tables as they are now."""
        return self._digests(kept.copy for kept in self._lists)

    @property
    def statuses(self) -> tuple[ListStatus, ...]:
        """How each list is doing."""
        return (*(kept.status for kept in self._lists), *self._name_status())

    async def run(self, put: PutControl) -> None:
        """Look again and again."""
        while True:
            try:
                await self.look(put, time.monotonic())
            except UnavailableError as error:
                log.warning("lists wait for the database", error=str(error))
            await asyncio.sleep(LOOK_EVERY)

    async def look(self, put: PutControl, now: float) -> None:
        """Look at everything that is due at `now`; what is new is kept, announced, and only then in use."""
        found = [await self._renewed(kept, now) for kept in self._lists]
        news = [copy for copy in found if copy is not None]
        hosts = await self._ask_names(now)
        if not news and not hosts:
            return
        copies = [new or kept.copy for new, kept in zip(found, self._lists, strict=True)]
        try:
            await asyncio.to_thread(self._copies.keep, news)
            await put([tables_event(self._digests(copies), hosts)])
        except BaseException:  # it is news the next time, too
            self._names_due = 0.0
            for kept in self._lists:
                kept.used, kept.due = OF_NO_FILE, 0.0
            raise
        for kept, copy in zip(self._lists, copies, strict=True):
            kept.copy = copy
        self._hosts.update((host.name, host) for host in hosts)

    def _digests(self, copies: Iterable[ListCopy | None]) -> dict[str, str]:
        found = "+".join(copy.digest for copy in copies if copy is not None and copy.networks)
        return self._other | ({LISTS: found} if found else {})

    # --- lists

    async def _renewed(self, kept: Kept, now: float) -> ListCopy | None:
        """The list, where it is another than it was."""
        try:
            copy = await (self._read(kept) if kept.settings.file is not None else self._fetch(kept, now))
        except (TableError, FetchError) as error:
            self._say(kept, str(error))
            return None
        return copy if copy is not None and (kept.copy is None or copy.digest != kept.copy.digest) else None

    async def _read(self, kept: Kept) -> ListCopy | None:
        """A file that changed since it was used, once it is at rest."""
        path = kept.settings.file
        found = signature(path)
        at_rest, kept.seen = found == kept.seen, found
        if path is None or found == kept.used or not at_rest:
            return None
        copy = await asyncio.to_thread(read_file, kept.settings.name, path, self._own)
        kept.used = found
        self._say(kept, None)
        return copy

    async def _fetch(self, kept: Kept, now: float) -> ListCopy | None:
        """What a server says, when it is time to ask it."""
        if now < kept.due:
            return None
        kept.due = now + min(AGAIN, kept.settings.every)
        old, at = kept.copy, micros_now()
        got = await fetch(kept.settings, *((old.etag, old.modified) if old is not None else (None, None)))
        kept.due = now + kept.settings.every
        name, source = kept.settings.name, kept.settings.source
        if got.content is None:
            self._say(kept, None)
            return self._confirmed(old, at) if old is not None else None
        if not got.content.strip():
            raise FetchError("it is empty")
        copy = await asyncio.to_thread(read_content, name, source, got.content, at, self._own)
        self._say(kept, None)
        if old is not None and copy.networks == old.networks:
            return self._confirmed(old, at)
        return replace(copy, etag=got.etag, modified=got.modified)

    def _confirmed(self, old: ListCopy, at: int) -> ListCopy | None:
        """A list that is still the same is as young as that, told once a day."""
        if at - old.at < OLD:
            return None
        same = made(old.name, old.source, at, old.networks, old.refused)
        return replace(same, etag=old.etag, modified=old.modified)

    def _say(self, kept: Kept, problem: str | None) -> None:
        if problem != kept.problem:
            log.warning("block list", list=kept.settings.name, problem=problem or "none any more")
        kept.problem = problem

    # --- host names

    async def _ask_names(self, now: float) -> list[NamedHost]:
        """The names that stand for other addresses than before, when it is time to ask."""
        if not self._names or now < self._names_due:
            return []
        self._names_due = now + NAMES_EVERY
        found = await resolve_all(self._names, self._own, self._resolve)
        lost = {name for name, host in zip(self._names, found, strict=True) if host is None}
        if lost != self._lost:
            log.warning("host names of deny and allow lists", cannot_be_resolved=sorted(lost))
        self._lost = lost
        return [host for host in found if host is not None and host != self._hosts.get(host.name)]

    def _name_status(self) -> list[ListStatus]:
        if not self._names:
            return []
        addresses = sum(len(host.addresses) for host in self._hosts.values())
        problem = f"cannot be resolved: {', '.join(sorted(self._lost)[:5])}" if self._lost else None
        return [ListStatus(
            name="host names", source="deny and allow lists", entries=addresses, problem=problem,
        )]  # fmt: skip


def signature(path: Path | None) -> Signature | None:
    """By what a file is seen to have changed; None where there is none."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_mtime_ns, found.st_size, found.st_ino)


def tables_event(digests: dict[str, str], hosts: Sequence[NamedHost] = ()) -> Control:
    """From here on these tables are in force."""
    at = utc_now()
    return Control(
        pbx=EVERY_PBX, id=f"tables:{at.isoformat()}", at=at, name=ControlName.TABLES, source="ringfence",
        tables=digests, hosts={host.name: host.addresses for host in hosts},
    )  # fmt: skip
