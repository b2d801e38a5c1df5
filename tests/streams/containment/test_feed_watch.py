"""When people are told that blocks wait for a firewall, and what health and console say of firewalls."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from detector.contract.codec import to_micros
from detector.contract.vocabulary import Act, State, SubjectKind
from streams.containment.enforcers.feed import Feed, blocks_of
from streams.containment.feed_watch import FeedWatch
from streams.runtime.clock import utc_now
from streams.store.journal.journal import Journal
from tests.lives import lead
from tests.streams.pbxs.test_source_watch import MemoryLog

HOUR = timedelta(hours=1)


class WatchedFeed:
    """Blocks of two PBXs that wait, seen by a process that has both of them unless told otherwise."""

    def __init__(self, journal: Journal, make: Any) -> None:
        self.journal, self.make = journal, make
        self.ours = ["hq", "branch"]
        self.log = MemoryLog()
        self.feed = Feed(blocks_of(journal), journal)
        self.watch = FeedWatch(self.feed, journal, self.log, lambda: self.ours, every=0.001)

    def block(self, name: str, minutes: float, pbx: str = "hq") -> None:
        """One that has waited for so long."""
        begun = utc_now() - timedelta(minutes=minutes)
        decision = self.make.decision(
            name, Act.BLOCK_IP, SubjectKind.SOURCE_IP, "198.51.100.7", pbx=pbx, until=utc_now() + HOUR
        )
        self.journal.findings.record([replace(self.make.incident(), pbx=pbx), decision])
        lead(self.journal, f"act-{name}", State.APPLIED, now=to_micros(begun))
        self.journal.actions.move(f"act-{name}", {State.APPLIED}, State.APPLIED, by="executor", now=1, waits=True)

    async def told(self) -> list[str]:
        return [f"{notice.pbx} {notice.name}" for notice in await self.watch.look()]


@pytest.fixture
def watched(journal: Journal, make: Any) -> WatchedFeed:
    return WatchedFeed(journal, make)


async def test_what_waits_is_told_after_five_minutes_once_and_its_end(watched: WatchedFeed) -> None:
    watched.block("dec-1", 4.9)
    assert await watched.told() == ["branch list_fetched"]
    assert watched.watch.missing == []
    watched.block("dec-2", 5.1)
    assert await watched.told() == ["hq list_unfetched"]
    assert watched.watch.missing == [
        "nobody has ever fetched the list of blocked addresses: what is to be blocked is not blocked"
    ]
    assert await watched.told() == []
    for name in ("dec-1", "dec-2"):
        lead(watched.journal, f"act-{name}", State.CONFIRMED)
    assert await watched.told() == ["hq list_fetched"]
    assert (await watched.told(), watched.watch.missing) == ([], [])


async def test_only_of_pbxs_in_our_hands_and_anew_when_they_come_back(watched: WatchedFeed) -> None:
    watched.block("dec-1", 6, "branch")
    watched.ours = ["hq"]
    assert await watched.told() == ["hq list_fetched"]
    watched.ours = ["branch"]
    assert await watched.told() == ["branch list_unfetched"]
    watched.ours = []
    assert await watched.told() == []
    watched.ours = ["branch"]
    assert await watched.told() == ["branch list_unfetched"]


async def test_health_says_who_has_stopped_and_since_when(watched: WatchedFeed) -> None:
    long_ago = utc_now() - 2 * HOUR
    watched.journal.fetches.note("edge at 192.0.2.1", to_micros(long_ago), [])
    await watched.told()
    assert watched.watch.missing == [
        "the firewall edge at 192.0.2.1 has not fetched the list of blocked addresses since "
        f"{long_ago:%Y-%m-%d %H:%M:%S} UTC: what was blocked after that is not blocked there"
    ]
    await watched.feed.note("edge at 192.0.2.1", [])
    await watched.told()
    assert watched.watch.missing == []


async def test_a_log_that_is_away_is_told_later(watched: WatchedFeed) -> None:
    watched.block("dec-1", 6)
    watched.log.failures = 1
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(watched.watch.run())
        while len(watched.log.events) < 2:  # noqa: ASYNC110 - the state of another task
            await asyncio.sleep(0.01)
        running.cancel()
    names = [(event.pbx, event.source, getattr(event, "name", "")) for event in watched.log.events]
    assert names == [("branch", "feed", "list_fetched"), ("hq", "feed", "list_unfetched")]
