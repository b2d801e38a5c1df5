"""Tidies an archive while it is written: puts days together and lets old ones go, a few times a day."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import ParamSpec, TypeVar

import structlog

from detector.settings import Policies
from streams.archive.archive_errors import ArchiveError, BusyError, DamagedError
from streams.archive.rewriting import alone, compact, expire, expired, settled
from streams.archive.store import Archive
from streams.runtime.clock import utc_now

TIDY_EVERY = 6 * 3_600.0

Keep = Callable[[str], timedelta]
"""How long the events of a PBX stay."""

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger(__name__)


def kept_by(policies: Policies) -> Keep:
    """As `privacy.retention.raw` of each PBX says."""
    return lambda pbx: timedelta(seconds=policies.of(pbx).raw_retention)


async def tidy(archive: Archive, keep: Keep) -> None:
    """Until cancelled; another process may do the same."""
    while True:
        try:
            await tidied(archive, keep)
        except BusyError as error:
            log.info("archive left as it is", reason=str(error))
        except ArchiveError as error:
            log.warning("archive unavailable", error=str(error))
        await asyncio.sleep(TIDY_EVERY)


async def tidied(archive: Archive, keep: Keep) -> None:
    """A day at a time: a service that is told to stop need not wait for all of them."""
    now = utc_now()
    with ExitStack() as held:
        renew = await asyncio.to_thread(held.enter_context, alone(archive.files))
        days = await asyncio.to_thread(archive.days)
        for folder in settled(days, now.date()):
            await finished(renew)
            if await finished(expired, archive.files, folder, keep(folder.pbx), now):
                await finished(expire, archive, folder)
                continue
            try:
                await finished(compact, archive, folder)
            except DamagedError as error:
                log.error("archive damaged", error=str(error))


async def finished(work: Callable[P, T], *args: P.args, **rest: P.kwargs) -> T:
    """Work in a thread that is waited for even when we are cancelled: the lock is ours until it has ended."""
    working = asyncio.ensure_future(asyncio.to_thread(work, *args, **rest))
    try:
        return await asyncio.shield(working)
    finally:
        await asyncio.wait([working])
