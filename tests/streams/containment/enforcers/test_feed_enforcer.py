"""The feed over real HTTP: what a polling firewall gets, who gets nothing, and what is known of who got what."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from streams.config.installation import Installation
from streams.config.listener_settings import FeedSettings
from streams.containment.enforcers.enforcer import covered, enforcers_of
from streams.containment.enforcers.feed import Feed, feed_of, find_missing
from streams.containment.feed_web import feed_router, tokens_of
from streams.sim.telephony.network import parse_feed
from streams.store.journal.journal import Journal

TOKEN, EDGE, BRANCH = "a-token-of-some-length", "the-token-of-the-edge", "the-token-of-the-branch"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


class Site:
    def __init__(self, journal: Journal) -> None:
        self.blocks: dict[str, datetime] = {}
        self.now = NOW
        self.feed = Feed(lambda: self.blocks, journal, now=lambda: self.now)
        self.url = ""

    async def blocked(self, address: str) -> bool:
        return covered(address, await self.feed.blocked())

    async def waiting(self) -> str:
        return (await self.feed.awaited() or "").removeprefix("waiting for the firewall: ")


@pytest.fixture
async def site(journal: Journal) -> AsyncIterator[Site]:
    site = Site(journal)
    app = FastAPI()
    tokens = {"": TOKEN, "edge": EDGE, "branch": BRANCH}
    app.include_router(feed_router(site.feed, tokens, lambda: site.now))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site.url = f"http://127.0.0.1:{listener.getsockname()[1]}/feed/"
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        yield site
        server.should_exit = True
        await serving


async def get(site: Site, token: str = TOKEN, ending: str = "txt", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.get(f"{site.url}{token}.{ending}", headers=named)


async def noted(site: Site, firewalls: int = 1) -> None:
    """Who fetched is noted after the answer was sent."""
    async with asyncio.timeout(5):
        while True:
            fetched = await site.feed.fetched()
            if len(fetched.fresh) >= firewalls and all(
                row.at == int(site.now.timestamp() * 1e6) for row in fetched.fresh
            ):
                return
            await asyncio.sleep(0.01)


async def test_one_address_a_line_until_its_end(site: Site) -> None:
    assert (await get(site)).text == ""
    site.blocks = {"198.51.100.7": SOON, "2001:db8::1": SOON, "192.0.2.0/25": SOON, "192.0.2.200": NOW}
    answer = await get(site)
    assert answer.text == "192.0.2.0/25\n198.51.100.7\n2001:db8::/64\n"
    assert answer.headers["content-type"].startswith("text/plain")
    site.now = SOON
    assert (await get(site)).text == ""


@pytest.mark.parametrize(("ending", "accept"), [("txt", "application/json"), ("json", "*/*")])
async def test_json_says_until_when(site: Site, ending: str, accept: str) -> None:
    site.blocks = {"198.51.100.7": SOON}
    answer = await get(site, ending=ending, accept=accept)
    assert answer.json() == {"blocked": [{"target": "198.51.100.7", "until": "2026-03-01T13:00:00Z"}]}
    assert answer.headers["content-type"] == "application/json"


async def test_an_external_dynamic_list_says_in_a_comment_until_when(site: Site) -> None:
    site.blocks = {"198.51.100.7": SOON, "2001:db8::/48": NEVER}
    text = (await get(site, ending="edl")).text
    assert text == "198.51.100.7 # until 2026-03-01T13:00:00Z\n2001:db8::/48 # until somebody lifts it\n"
    assert [str(network) for network in parse_feed(text)[0]] == ["198.51.100.7/32", "2001:db8::/48"]


async def test_routeros_gets_its_list_anew_with_timeouts(site: Site) -> None:
    site.blocks = {"198.51.100.7": SOON, "192.0.2.0/25": NEVER, "2001:db8::1": SOON}
    assert (await get(site, ending="rsc")).text.splitlines() == [
        "/ip firewall address-list remove [find list=ringfence]",
        "/ipv6 firewall address-list remove [find list=ringfence]",
        "/ip firewall address-list add list=ringfence address=192.0.2.0/25",
        "/ip firewall address-list add list=ringfence address=198.51.100.7 timeout=3600s",
        "/ipv6 firewall address-list add list=ringfence address=2001:db8::/64 timeout=3600s",
    ]


@pytest.mark.parametrize("ending", ["txt", "json", "edl", "rsc"])
async def test_an_unchanged_list_is_not_sent_twice(site: Site, ending: str) -> None:
    site.blocks = {"198.51.100.7": SOON}
    etag = (await get(site, ending=ending)).headers["etag"]
    site.now += timedelta(seconds=30)
    assert (await get(site, ending=ending, if_none_match=etag)).status_code == 304
    site.blocks = {"198.51.100.8": SOON}
    assert (await get(site, ending=ending, if_none_match=etag)).status_code == 200


@pytest.mark.parametrize(
    ("token", "ending"),
    [("x", "txt"), (TOKEN[:-1], "txt"), (TOKEN + "x", "txt"), ("%C3%A9", "txt"), (TOKEN, "exe"), ("", "txt")],
)
async def test_a_wrong_token_or_shape_gets_nothing_and_is_no_fetch(site: Site, token: str, ending: str) -> None:
    site.blocks = {"198.51.100.7": SOON}
    assert (await get(site, token, ending)).status_code == 404
    assert await site.waiting() == "nobody has ever fetched the list of blocked addresses"
    assert not await site.blocked("198.51.100.7")


async def test_a_block_is_in_force_when_a_firewall_has_fetched_the_list_that_holds_it(site: Site) -> None:
    await get(site)
    await noted(site)
    await site.feed.block("198.51.100.7", SOON)
    site.blocks = {"198.51.100.7": SOON}
    assert not await site.blocked("198.51.100.7")
    assert await site.waiting() == "the one at 127.0.0.1 has yet to fetch the list of blocked addresses as it is now"
    site.now += timedelta(seconds=60)
    await get(site)
    await noted(site)
    assert await site.blocked("198.51.100.7")
    await site.feed.lift("198.51.100.7")
    with pytest.raises(ValueError, match="does not appear"):
        await site.feed.block("sip.example", SOON)


async def test_a_list_that_has_not_changed_was_fetched_too(site: Site) -> None:
    site.blocks = {"198.51.100.7": SOON}
    etag = (await get(site)).headers["etag"]
    await noted(site)
    site.now += timedelta(seconds=200)
    assert (await get(site, if_none_match=etag)).status_code == 304
    await noted(site)
    site.now += timedelta(seconds=200)
    assert find_missing(await site.feed.fetched(), site.now) == []


async def test_it_is_in_force_when_every_firewall_that_goes_on_fetching_has_it(site: Site) -> None:
    for token in (EDGE, BRANCH):
        await get(site, token)
    await noted(site, 2)
    site.blocks = {"198.51.100.7": SOON}
    site.now += timedelta(seconds=60)
    await get(site, EDGE)
    async with asyncio.timeout(5):
        while not await site.feed.held():  # noqa: ASYNC110 - noted after the answer was sent
            await asyncio.sleep(0.01)
    assert not await site.blocked("198.51.100.7")
    site.now += timedelta(seconds=241)
    assert await site.blocked("198.51.100.7")
    assert find_missing(await site.feed.fetched(), site.now) == [
        "the firewall branch at 127.0.0.1 has not fetched the list of blocked addresses since 2026-03-01 12:00:00 UTC: "
        "what was blocked after that is not blocked there"
    ]


async def test_who_stopped_is_missed_for_a_day_and_the_last_one_for_ever(site: Site) -> None:
    for token in (EDGE, BRANCH):
        await get(site, token)
    await noted(site, 2)
    site.now += timedelta(days=2)
    assert len(find_missing(await site.feed.fetched(), site.now)) == 2
    assert await site.waiting() == "nobody has fetched the list of blocked addresses since 2026-03-01 12:00:00 UTC"
    await get(site, EDGE)
    await noted(site)
    assert find_missing(await site.feed.fetched(), site.now) == []


async def test_what_a_firewall_had_when_all_stopped_it_still_has_and_nothing_more(site: Site) -> None:
    site.blocks = {"198.51.100.7": SOON}
    await get(site)
    await noted(site)
    site.blocks = {"198.51.100.7": SOON, "198.51.100.8": SOON}
    site.now += timedelta(minutes=6)
    assert await site.blocked("198.51.100.7")
    assert not await site.blocked("198.51.100.8")
    assert await site.feed.held() == frozenset()


@pytest.mark.parametrize("used", [True, False])
async def test_the_feed_that_is_served_is_the_enforcer_that_is_asked(journal: Journal, used: bool) -> None:
    settings = Installation.model_validate({"enforcers": {"feed": {"overdue": "2m"}} if used else {"nftables": {}}})
    enforcers = enforcers_of(settings, journal)
    feed = feed_of(settings, journal, enforcers)
    assert (feed in enforcers) is used
    assert feed.overdue_seconds == (120 if used else 300)
    assert await feed.listed() == {}


@pytest.mark.parametrize("enabled", [True, False])
def test_every_token_opens_it_where_it_is_enabled(enabled: bool) -> None:
    settings = FeedSettings.model_validate(
        {"enabled": enabled, "token": SecretStr(TOKEN), "firewalls": {"edge": {"token": SecretStr(EDGE)}}}
    )
    assert tokens_of(settings) == ({"": TOKEN, "edge": EDGE} if enabled else {})
