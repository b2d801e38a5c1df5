"""Serves the list of blocked addresses in the shapes that firewalls poll, each with a token, and notes who got it."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from msgspec import Struct
from starlette.background import BackgroundTask

from detector.contract.findings import FOREVER
from streams.config.listener_settings import FeedSettings
from streams.containment.enforcers.feed import Feed
from streams.runtime.clock import utc_now

Listed = Mapping[str, datetime]
Tokens = Mapping[str, str]
"""The token of each firewall by its name, which is empty for the one that all may use."""
LIST_NAME = "ringfence"
LONGEST_SECONDS = 365 * 86_400
"""MikroTik's longest timeout is longer; the list is loaded anew long before."""


class Shape(Struct, frozen=True):
    """How the list is written, and by what name that is told."""

    media_type: str
    write: Callable[[Listed, datetime], bytes]


def as_text(listed: Listed, now: datetime) -> bytes:
    """One address or CIDR a line; empty if there is none."""
    return "".join(f"{target}\n" for target in listed).encode()


def as_json(listed: Listed, now: datetime) -> bytes:
    """`{"blocked": [{"target": ..., "until": ...}]}`; open-ended is `9999-12-31`."""
    return msgspec.json.encode({"blocked": [{"target": t, "until": until} for t, until in listed.items()]})


def as_edl(listed: Listed, now: datetime) -> bytes:
    """An external dynamic list: address, a space, and as a comment until when it is meant."""
    return "".join(f"{target} # {ending(until)}\n" for target, until in listed.items()).encode()


def as_mikrotik(listed: Listed, now: datetime) -> bytes:
    """A script for RouterOS: the address list made anew, each entry with its timeout, so that none outlives its end."""
    lines = [f"/{family} firewall address-list remove [find list={LIST_NAME}]" for family in ("ip", "ipv6")]
    for target, until in listed.items():
        family = "ipv6" if ":" in target else "ip"
        seconds = (until - now).total_seconds()
        timeout = f" timeout={max(1, round(seconds))}s" if seconds < LONGEST_SECONDS else ""
        lines.append(f"/{family} firewall address-list add list={LIST_NAME} address={target}{timeout}")
    return "".join(f"{line}\n" for line in lines).encode()


SHAPES = {
    "txt": Shape("text/plain", as_text),
    "json": Shape("application/json", as_json),
    "edl": Shape("text/plain", as_edl),
    "rsc": Shape("text/plain", as_mikrotik),
}
"""Every shape by the ending of its address."""


def feed_router(feed: Feed, tokens: Tokens, now: Callable[[], datetime] = utc_now) -> APIRouter:
    """`GET /feed/{token}.{shape}`; `.txt` is JSON for `Accept: application/json`. With an ETag, so polling is cheap.

    The token is a secret in the address: keep this path out of access logs. Who has the answer is noted after it was
    sent; that nothing has changed says that it has what it got before.
    """
    router = APIRouter()

    @router.get("/feed/{given}.{ending}", include_in_schema=False)
    async def get_feed(given: str, ending: str, request: Request) -> Response:
        whose = name_of(given, tokens)
        shape = SHAPES.get(ending)
        if whose is None or shape is None:
            raise HTTPException(404)
        if ending == "txt" and "application/json" in request.headers.get("accept", ""):
            shape = SHAPES["json"]
        listed = await feed.listed()
        etag = tag_of(listed, shape)
        headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept"}
        noted = BackgroundTask(feed.note, name_firewall(whose, request), list(listed))
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers, background=noted)
        return Response(
            shape.write(listed, now()), media_type=shape.media_type, headers=headers, background=noted
        )  # fmt: skip

    return router


def name_of(given: str, tokens: Tokens) -> str | None:
    """Whose token this is, None for nobody's; it takes as long if it is nobody's."""
    found = [name for name, token in tokens.items() if hmac.compare_digest(given.encode(), token.encode())]
    return found[0] if found else None


def name_firewall(whose: str, request: Request) -> str:
    """How a firewall is told apart: by its token's name, and by the address it comes from."""
    address = request.client.host if request.client is not None else "an unknown address"
    return f"{whose} at {address}" if whose else f"at {address}"


def tokens_of(settings: FeedSettings) -> Tokens:
    """Every token that opens the list, as far as it was fetched; none where the feed is not enabled."""
    if not settings.enabled:
        return {}
    tokens = {name: firewall.token for name, firewall in settings.firewalls.items()} | {"": settings.token}
    return {name: token.get_secret_value() for name, token in tokens.items() if token is not None}


def tag_of(listed: Listed, shape: Shape) -> str:
    """The same as long as the list says the same, however much time is left of its entries."""
    said = msgspec.json.encode([shape.media_type, shape.write is as_json, sorted(listed.items())])
    return f'"{hashlib.sha256(said).hexdigest()[:32]}"'


def ending(until: datetime) -> str:
    """Until when, for a comment."""
    return "until somebody lifts it" if until >= FOREVER else f"until {until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
