"""The two servers of a process: the console for people, and apart from it what PBXs and firewalls reach."""

import asyncio
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, Response

from detector.contract.vocabulary import Mode
from detector.settings import Policies
from streams.config.installation import Installation
from streams.console import Commands, ProcessStatus, create_app
from streams.console.app import LOCAL
from streams.containment.enforcers.feed import Feed
from streams.containment.feed_web import feed_router, tokens_of
from streams.pbxs.pbx import WebhookSource
from streams.pbxs.pbx_status import PbxStatus
from streams.pbxs.sight import PbxSight, sight_of
from streams.pbxs.webhook_receiver import Receiver, webhook_router
from streams.pbxs.webhook_seen import SeenBodies
from streams.processes.http_listener import Listener
from streams.processes.supervise import Ready, start
from streams.runtime.ingest import Ingest
from streams.store.journal.journal import Journal
from streams.store.store_errors import UnavailableError


class Listeners:
    """The console and, where it is wanted, what is outside, as one."""

    def __init__(self, console: Listener, outside: Listener | None) -> None:
        self._outside = outside
        self._all = {"console": console} | ({"outside": outside} if outside is not None else {})
        self.console_url = console.url

    def start(self) -> list[asyncio.Task[None]]:
        """Answer, in tasks that end in good order after `leave`."""
        return start({name: listener.run_until_stopped() for name, listener in self._all.items()})

    def leave(self) -> None:
        """Take no more requests."""
        for listener in self._all.values():
            listener.should_exit = True

    def ready(self, password: str | None) -> Ready:
        """What a person must know of them."""
        return Ready(self.console_url, password, None if self._outside is None else self._outside.port)


def console_listener(
    settings: Installation,
    policies: Policies,
    journal: Journal,
    commands: Commands,
    status: Callable[[], ProcessStatus],
    known: Callable[[str], PbxStatus | None],
) -> Listener:
    """The console; `known` is how a PBX is doing, as far as anybody knows. Raises OSError for an address in use."""
    hosts = {*LOCAL, settings.console.host}
    first = next((pbx.id for pbx in settings.pbxs), "")
    zone = ZoneInfo(policies.of(first).timezone)  # that of the people who look at it, as far as we know
    pbxs = {pbx.id: pbx for pbx in settings.pbxs}

    def sights(pbx: str) -> PbxSight | None:
        return sight_of(pbxs[pbx], policies.of(pbx), known(pbx)) if pbx in pbxs else None

    def mode_of(pbx: str, rule: str) -> Mode | None:
        rules = policies.of(pbx).rules if pbx in pbxs else {}
        return rules[rule].mode if rule in rules else None

    app = create_app(
        journal, commands=commands, status=status, sights=sights, pbxs=tuple(pbxs), mode_of=mode_of, hosts=hosts,
        zone=zone, proxies=tuple(map(ip_network, settings.console.proxies)),
    )  # fmt: skip
    return Listener(app, settings.console.host, settings.console.port)


def outside_listener(
    settings: Installation, webhooks: Mapping[str, WebhookSource], ingest: Ingest, seen: SeenBodies, feed: Feed
) -> Listener | None:
    """Webhooks and the feed, None if neither is wanted. Raises OSError when the address is not to be had."""
    tokens = tokens_of(settings.feed)
    if not webhooks and not tokens:
        return None
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    if webhooks:
        app.include_router(webhook_router(Receiver(webhooks, ingest, seen)))
    if tokens:
        app.include_router(feed_router(feed, tokens))

    @app.exception_handler(UnavailableError)
    async def unavailable(_request: Request, _error: UnavailableError) -> Response:
        return PlainTextResponse("The journal cannot be read right now.\n", 503, {"Retry-After": "5"})

    return Listener(app, settings.webhook.host, settings.webhook.port)
