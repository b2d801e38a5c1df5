"""The feed over real HTTP: what a polling firewall gets, and who gets nothing."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from streams.containment.enforcers.enforcer import NoSettings, covered
from streams.containment.enforcers.feed import Feed, feed_among, feed_router
from streams.containment.enforcers.nftables import Nftables
from streams.store.journal.journal import Journal

TOKEN = "a-token-of-some-length"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)


class Site:
    def __init__(self) -> None:
        self.blocks: dict[str, datetime] = {}
        self.now = NOW
        self.feed = Feed(lambda: self.blocks, lambda: self.now)
        self.url = ""


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = FastAPI()
    app.include_router(feed_router(site.feed, TOKEN))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site.url = f"http://127.0.0.1:{listener.getsockname()[1]}/feed/"
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        yield site
        server.should_exit = True
        await serving


async def get(site: Site, token: str = TOKEN, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.get(f"{site.url}{token}.txt", headers=named)


async def test_one_address_a_line_until_its_end(site: Site) -> None:
    assert (await get(site)).text == ""
    site.blocks = {"198.51.100.7": SOON, "2001:db8::1": SOON, "192.0.2.0/25": SOON, "192.0.2.200": NOW}
    answer = await get(site)
    assert answer.text == "192.0.2.0/25\n198.51.100.7\n2001:db8::/64\n"
    assert answer.headers["content-type"].startswith("text/plain")
    site.now = SOON
    assert (await get(site)).text == ""


async def test_json_says_until_when(site: Site) -> None:
    site.blocks = {"198.51.100.7": SOON}
    answer = await get(site, accept="application/json")
    assert answer.json() == {"blocked": [{"target": "198.51.100.7", "until": "2026-03-01T13:00:00Z"}]}


async def test_an_unchanged_list_is_not_sent_twice(site: Site) -> None:
    site.blocks = {"198.51.100.7": SOON}
    etag = (await get(site)).headers["etag"]
    assert (await get(site, if_none_match=etag)).status_code == 304
    site.blocks = {"198.51.100.8": SOON}
    assert (await get(site, if_none_match=etag)).status_code == 200


@pytest.mark.parametrize("token", ["x", TOKEN[:-1], TOKEN + "x", "%C3%A9"])
async def test_a_wrong_token_gets_nothing_and_is_no_poll(site: Site, token: str) -> None:
    assert (await get(site, token)).status_code == 404
    assert site.feed.polled_at is None


async def test_a_poll_is_recorded(site: Site) -> None:
    await get(site)
    assert site.feed.polled_at == NOW


async def test_a_block_is_in_force_when_the_list_holds_it(site: Site) -> None:
    await site.feed.block("198.51.100.7", SOON)
    assert await site.feed.blocked() == frozenset()
    site.blocks = {"198.51.100.7": SOON}
    assert covered("198.51.100.7", await site.feed.blocked())
    await site.feed.lift("198.51.100.7")
    with pytest.raises(ValueError, match="does not appear"):
        await site.feed.block("sip.example", SOON)


def test_a_short_token_is_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        feed_router(Feed(dict), "short")


@pytest.mark.parametrize("used", [True, False])
async def test_the_feed_that_is_served_is_the_enforcer_that_is_asked(journal: Journal, used: bool) -> None:
    enforcers = [Feed.configured(NoSettings(), journal)] if used else [Nftables()]
    feed = feed_among(enforcers, journal)
    assert (feed in enforcers) is used
    assert await feed.poll() == {}
    assert feed.polled_at is not None
