"""A list of blocked addresses that firewalls fetch, one address or CIDR a line."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import ClassVar, Self

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response

from detector.contract.vocabulary import Act
from detector.decide.guard import block_range
from streams.containment.enforcers.enforcer import Enforcer, NoSettings, enforcer
from streams.runtime.clock import utc_now
from streams.store.journal.journal import Journal

ActiveBlocks = Callable[[], Mapping[str, datetime]]
"""The journal's blocks in force: target -> until. Called in a thread."""


@enforcer
class Feed(Enforcer):
    """Blocks by being read: the journal is the list, so there is nothing to write and nothing to lose.

    A block is confirmed once the list holds it.
    """

    name: ClassVar[str] = "feed"

    def __init__(self, active: ActiveBlocks, now: Callable[[], datetime] = utc_now) -> None:
        self._active = active
        self._now = now
        self.polled_at: datetime | None = None
        """When somebody who knows the token last fetched the list: only then can a firewall know of a block."""

    @classmethod
    def configured(cls, settings: NoSettings, journal: Journal) -> Self:
        """Of the blocks in the journal."""
        return cls(blocks_of(journal))

    async def block(self, target: str, until: datetime) -> None:
        """Nothing to do but to refuse what is no address."""
        block_range(target)

    async def lift(self, target: str) -> None:
        """Nothing to do: what is not in force in the journal is not in the list."""

    async def blocked(self) -> frozenset[str]:
        """The CIDRs in the list now."""
        return frozenset(str(block_range(target)) for target in await self._in_force())

    async def poll(self) -> dict[str, datetime]:
        """The list as a firewall gets it, target -> until, in order; notes that it was fetched."""
        listed = {listing(target): until for target, until in sorted((await self._in_force()).items())}
        self.polled_at = self._now()
        return listed

    async def _in_force(self) -> dict[str, datetime]:
        now = self._now()
        return {t: until for t, until in (await asyncio.to_thread(self._active)).items() if until > now}


def feed_among(enforcers: Iterable[Enforcer], journal: Journal) -> Feed:
    """The feed to serve: the one that is an enforcer, so that it knows when it was fetched, else one of its own."""
    return next((one for one in enforcers if isinstance(one, Feed)), None) or Feed(blocks_of(journal))


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


def as_text(listed: Mapping[str, datetime]) -> bytes:
    """One address or CIDR a line; empty if there is none."""
    return "".join(f"{target}\n" for target in listed).encode()


def as_json(listed: Mapping[str, datetime]) -> bytes:
    """`{"blocked": [{"target": ..., "until": ...}]}`."""
    return msgspec.json.encode({"blocked": [{"target": t, "until": until} for t, until in listed.items()]})


def feed_router(feed: Feed, token: str) -> APIRouter:
    """`GET /feed/{token}.txt`, or JSON for `Accept: application/json`; with an ETag, so polling is cheap.

    The token is a secret in the address: keep this path out of access logs.
    """
    if len(token) < 16:
        raise ValueError("the feed's token needs at least 16 characters")
    router = APIRouter()

    @router.get("/feed/{given}.txt", include_in_schema=False)
    async def get_feed(given: str, request: Request) -> Response:
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise HTTPException(404)
        listed = await feed.poll()
        wants_json = "application/json" in request.headers.get("accept", "")
        body = as_json(listed) if wants_json else as_text(listed)
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept"}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json" if wants_json else "text/plain", headers=headers)

    return router
