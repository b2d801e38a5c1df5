"""A list of blocked addresses that firewalls fetch."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Self

from msgspec import Struct
from pydantic import Field

from detector.contract.codec import from_micros, to_micros
from detector.contract.vocabulary import Act
from detector.decide.guard import block_range
from detector.settings.params import Params, Seconds
from streams.config.installation import Installation
from streams.containment.enforcers.enforcer import Enforcer, enforcer
from streams.runtime.clock import utc_now
from streams.store.journal.journal import Journal
from streams.store.rows import FetchRow

ActiveBlocks = Callable[[], Mapping[str, datetime]]
"""The journal's blocks in force: target -> until. Called in a thread."""

OVERDUE_SECONDS = 300.0
TOLD_SECONDS = 10.0
"""A firewall that fetches the same list again and again is noted so often."""
FORGOTTEN = timedelta(days=1)
"""Of a firewall that stopped while others go on; whoever tried the address by hand is not missed for ever."""


class FeedEnforcerSettings(Params):
    """`overdue`: after how long without a fetch a firewall counts as one that has stopped; longer than it waits."""

    overdue: Seconds = Field(default=OVERDUE_SECONDS, ge=1)


class ListHolders(Struct, frozen=True):
    """Who has the list: `fresh` fetched it of late, `stopped` did before."""

    fresh: tuple[FetchRow, ...]
    stopped: tuple[FetchRow, ...]

    @property
    def blocked(self) -> frozenset[str]:
        """What every firewall that goes on fetching has; where none does, what the last one had."""
        if self.fresh:
            return frozenset.intersection(*(row.listed for row in self.fresh))
        return max(self.stopped, key=lambda row: row.at).listed if self.stopped else frozenset()

    @property
    def held(self) -> frozenset[str]:
        """What any firewall that goes on fetching has: those that have stopped are not waited for."""
        return frozenset().union(*(row.listed for row in self.fresh))


@enforcer
class Feed(Enforcer):
    """Blocks by being read: the journal is the list, so there is nothing to write and nothing to lose.

    A block waits until every firewall that goes on fetching has fetched a list that holds it; then it is confirmed.
    """

    name: ClassVar[str] = "feed"
    settings: ClassVar[type[Params]] = FeedEnforcerSettings

    def __init__(
        self,
        active: ActiveBlocks,
        journal: Journal,
        *,
        overdue: float = OVERDUE_SECONDS,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._active = active
        self._fetches = journal.fetches
        self._overdue = timedelta(seconds=overdue)
        self._now = now
        self._noted: dict[str, tuple[frozenset[str], datetime]] = {}

    @classmethod
    def configured(cls, settings: FeedEnforcerSettings, journal: Journal) -> Self:
        """Of the blocks in the journal."""
        return cls(blocks_of(journal), journal, overdue=settings.overdue)

    async def block(self, target: str, until: datetime) -> None:
        """Nothing to do but to refuse what is no address."""
        block_range(target)

    async def lift(self, target: str) -> None:
        """Nothing to do: what is not in force in the journal is not in the list."""

    async def blocked(self) -> frozenset[str]:
        """The CIDRs that firewalls have fetched."""
        return (await self.fetched()).blocked

    async def held(self) -> frozenset[str]:
        """The CIDRs that any firewall has, until it fetches a list without them."""
        return (await self.fetched()).held

    async def awaited(self) -> str | None:
        """Who has not fetched the list as it is now."""
        return f"waiting for the firewall: {in_words(await self.fetched())}"

    @property
    def overdue_seconds(self) -> float:
        """After how long without a fetch a firewall has stopped."""
        return self._overdue.total_seconds()

    async def fetched(self) -> ListHolders:
        """Who has fetched what."""
        rows = await asyncio.to_thread(self._fetches.all)
        since = to_micros(self._now() - self._overdue)
        return ListHolders(tuple(row for row in rows if row.at > since), tuple(row for row in rows if row.at <= since))

    async def listed(self) -> dict[str, datetime]:
        """The list as a firewall gets it, target -> until, in order."""
        now = self._now()
        blocks = await asyncio.to_thread(self._active)
        return {listing(target): until for target, until in sorted(blocks.items()) if until > now}

    async def note(self, firewall: str, listed: Iterable[str]) -> None:
        """A firewall that knows a token has got this list."""
        now, cidrs = self._now(), frozenset(str(block_range(target)) for target in listed)
        before, at = self._noted.get(firewall, (None, now))
        if before == cidrs and now - at < timedelta(seconds=min(TOLD_SECONDS, self._overdue.total_seconds() / 4)):
            return
        await asyncio.to_thread(self._fetches.note, firewall, to_micros(now), cidrs)
        self._noted[firewall] = (cidrs, now)


def in_words(fetched: ListHolders) -> str:
    """Who fetches the list and who does not, for people."""
    if not fetched.fresh and not fetched.stopped:
        return "nobody has ever fetched the list of blocked addresses"
    if not fetched.fresh:
        last = from_micros(max(row.at for row in fetched.stopped))
        return f"nobody has fetched the list of blocked addresses since {last:%Y-%m-%d %H:%M:%S} UTC"
    names = ", ".join(row.firewall for row in fetched.fresh)
    return f"the one {names} has yet to fetch the list of blocked addresses as it is now"


def find_missing(fetched: ListHolders, now: datetime) -> list[str]:
    """Which firewalls have stopped to fetch the list, and since when."""
    forgotten = to_micros(now - FORGOTTEN) if fetched.fresh else 0
    return [
        f"the firewall {row.firewall} has not fetched the list of blocked addresses since "
        f"{from_micros(row.at):%Y-%m-%d %H:%M:%S} UTC: what was blocked after that is not blocked there"
        for row in fetched.stopped
        if row.at > forgotten
    ]


def feed_of(installation: Installation, journal: Journal, enforcers: Iterable[Enforcer] = ()) -> Feed:
    """The feed to serve: the one among the enforcers, else one like it; who fetches it is in the journal either way."""
    found = next((one for one in enforcers if isinstance(one, Feed)), None)
    return found or Feed.configured(FeedEnforcerSettings.model_validate(given_to_feed(installation)), journal)


def is_enforcer(installation: Installation) -> bool:
    """Whether blocks go through the feed."""
    return Feed.name in installation.enforcers.named()


def given_to_feed(installation: Installation) -> object:
    """What the settings say of the feed as an enforcer."""
    return installation.enforcers.named().get(Feed.name, {})


def blocks_of(journal: Journal, pbxs: Collection[str] | None = None) -> ActiveBlocks:
    """The addresses whose block stands in the journal and nobody wants lifted; of `pbxs` only, if given."""

    def active() -> dict[str, datetime]:
        blocks: dict[str, datetime] = {}
        for row in journal.actions.active_blocks(pbxs).get(Act.BLOCK_IP, []):
            if row.undo_by is None:
                blocks[row.target.id] = max(row.decision.until, blocks.get(row.target.id, row.decision.until))
        return blocks

    return active


def listing(target: str) -> str:
    """How a target is written in the list: a single address plainly, anything wider as CIDR."""
    network = block_range(target)
    return str(network.network_address) if network.num_addresses == 1 else str(network)
