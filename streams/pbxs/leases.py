"""Keeps the PBXs shared among the gateways at work: each has one owner, and an owner that dies is replaced."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress

import structlog

from streams.pbxs.pbx_errors import NotOurs
from streams.store.journal.journal import Journal
from streams.store.store_errors import UnavailableError

MARGIN = 1.0
AT_ONCE = 100
LEAVE_WITHIN = 5.0

log = structlog.get_logger(__name__)


class Lease:
    """One PBX in our hands, as its `fence`th owner."""

    def __init__(self, pbx: str, fence: int, until: float) -> None:
        self.pbx = pbx
        self.fence = fence
        self.until = until

    def check(self) -> None:
        """Raises `NotOurs` when the lease has run out, by a clock that runs on while we are stopped or asleep."""
        if boot_time() >= self.until:
            raise NotOurs(f"the lease of PBX {self.pbx} has run out")


class Leases:
    """Takes this gateway's share of `pbxs`, prolongs it, and gives up what is too much.

    `taken` is awaited for each PBX that comes into our hands, `left` for each that another gateway has by now or is to
    have; a lease is given back after `left`. While the database is away nothing changes hands, and leases run out:
    sources go on, for nobody else can have them, but nothing is changed on a PBX. From a gateway that dies others take
    over after `seconds` and a third of that.
    """

    def __init__(
        self,
        journal: Journal,
        gateway: str,
        pbxs: Collection[str],
        taken: Callable[[Lease], Awaitable[None]],
        left: Callable[[Lease], Awaitable[None]],
        *,
        seconds: float,
    ) -> None:
        self._journal = journal
        self._gateway = gateway
        self._pbxs = pbxs
        self._taken = taken
        self._left = left
        self._seconds = seconds
        self.held: dict[str, Lease] = {}
        self.seen_at = boot_time()
        """When the database last said what is ours."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then everything is given back at once."""
        while not stop.is_set():
            more = False
            try:
                more = await self.step()
            except UnavailableError as error:
                log.warning("journal unavailable, leases run on", error=str(error))
            if not more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._seconds / 3)
        await self._leave(list(self.held.values()))
        try:
            await asyncio.to_thread(self._journal.leases.depart, self._gateway)
        except UnavailableError as error:
            log.warning("leases not given back, they run out", error=str(error))

    async def step(self) -> bool:
        """Prolong what is ours, and have neither more nor less than our share; whether there is more to take."""
        gateways = await asyncio.to_thread(self._journal.leases.attend, self._gateway, self._pbxs, self._seconds)
        began = boot_time()
        held = {name: lease.fence for name, lease in self.held.items()}
        kept = await asyncio.to_thread(self._journal.leases.renew, self._gateway, held, self._seconds)
        self.seen_at = boot_time()
        for name in kept:
            self.held[name].until = self._until(began)
        if lost := [self.held[name] for name in sorted(held.keys() - kept)]:
            log.warning("other gateways have these PBXs by now", pbxs=[lease.pbx for lease in lost])
            await self._leave(lost)
        share = math.ceil(len(self._pbxs) / max(gateways, 1))
        surplus = sorted(self.held.values(), key=lambda lease: lease.pbx)[share:][:AT_ONCE]
        await self._leave(surplus)
        for lease in surplus:
            await asyncio.to_thread(self._journal.leases.give_up, self._gateway, lease.pbx, lease.fence)
        return await self._take(min(share - len(self.held), AT_ONCE)) == AT_ONCE or len(surplus) == AT_ONCE

    async def _take(self, most: int) -> int:
        if most <= 0:
            return 0
        began = boot_time()
        free = [pbx for pbx in self._pbxs if pbx not in self.held]
        found = await asyncio.to_thread(self._journal.leases.take, self._gateway, free, self._seconds, most)
        for pbx, fence in found.items():
            lease = self.held[pbx] = Lease(pbx, fence, self._until(began))
            log.info("this PBX is ours", pbx=pbx, fence=fence)
            await self._taken(lease)
        return len(found)

    async def _leave(self, leases: Sequence[Lease]) -> None:
        """All at once, and each within a time: whoever takes too long is left in the middle."""
        for lease in leases:
            del self.held[lease.pbx]
        await asyncio.gather(*(self._leave_one(lease) for lease in leases))

    async def _leave_one(self, lease: Lease) -> None:
        try:
            async with asyncio.timeout(LEAVE_WITHIN):
                await self._left(lease)
        except TimeoutError:
            log.warning("left in the middle", pbx=lease.pbx)

    def _until(self, began: float) -> float:
        """Before the database thinks so: it reckons from a later moment."""
        return began + self._seconds - MARGIN


def boot_time() -> float:
    """Seconds of a clock that nobody sets and that runs on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
