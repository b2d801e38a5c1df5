"""Events that PBXs push over HTTP: signed, never twice, and answered when they are durable."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from detector.contract.codec import Rejected, to_micros
from detector.contract.events import MAX_EVENT_BYTES
from streams.pbxs.pbx import WebhookSource
from streams.pbxs.webhook_seen import SeenBodies
from streams.runtime.clock import utc_now
from streams.runtime.ingest import Ingest, stamped

MAX_AT_ONCE = 64
BODY_SECONDS = 10.0

log = structlog.get_logger()


class WebhookRefusal(Exception):  # noqa: N818 - an answer, not a failure of ours
    """A request that is answered with this HTTP status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Receiver:
    """Checks and takes one request at a time, for at least one PBX; `patience` is how long the log may take, in s.

    A PBX waits 5 s and tries again; what is taken twice all the same has the same event ids.
    """

    def __init__(
        self,
        pbxs: Mapping[str, WebhookSource],
        ingest: Ingest,
        seen: SeenBodies,
        *,
        patience: float = 4.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._pbxs = pbxs
        self._stand_in = next(iter(pbxs.values()))
        self._ingest = ingest
        self._seen = seen
        self._patience = patience
        self._now = now
        self._taking: set[bytes] = set()

    async def receive(self, name: str, request: Request) -> None:
        """Returns when the events are durable; raises `WebhookRefusal`."""
        # A name nobody has costs as much as a wrong signature, and is answered alike.
        pbx = self._pbxs.get(name, self._stand_in)
        signature = request.headers.get(pbx.signature_header, "")
        if not signature:
            raise WebhookRefusal(401, "not signed")
        body = await _body(request)
        if not pbx.signed(body, signature) or name not in self._pbxs:
            raise WebhookRefusal(401, "wrong signature")
        if pbx.foreign(body):
            raise WebhookRefusal(403, "another PBX")
        digest = sha256(name.encode() + b"\0" + body).digest()
        if digest in self._taking or len(self._taking) >= MAX_AT_ONCE:
            raise WebhookRefusal(503, "busy")
        self._taking.add(digest)
        try:
            await self._take(pbx, body, digest)
        finally:
            self._taking.discard(digest)

    async def _take(self, pbx: WebhookSource, body: bytes, digest: bytes) -> None:
        try:
            async with asyncio.timeout(self._patience):
                if await self._seen.known(digest):
                    return
                await self._hand_over(pbx, body)
                await self._seen.add(digest, pbx.repeats_within(body))
        except Exception as error:
            problem = f"the log takes nothing: {type(error).__name__}"
            if pbx.status.problem != problem:
                log.error(problem, source=pbx.status.name, pbx=pbx.status.pbx)
            pbx.status.problem = problem
            raise WebhookRefusal(503, "try again") from None

    async def _hand_over(self, pbx: WebhookSource, body: bytes) -> None:
        received_at = self._now()
        status = pbx.status
        found = pbx.read(body, received_at)
        status.heard_at = to_micros(received_at)
        events = [stamped(each, status.name) for each in found if not isinstance(each, Rejected)]
        rejected = [each for each in found if isinstance(each, Rejected)]
        if events:
            await self._ingest.put(events)
        for each in rejected:
            await self._ingest.reject(each, status.name, status.pbx)
        status.connected, status.problem = True, None
        status.last_event_at = to_micros(received_at)
        status.events += len(events)
        status.note_rejected(rejected)


def webhook_router(receiver: Receiver) -> APIRouter:
    """`POST /webhook/{pbx}` for PBXs; nothing else is answered, least of all GET, whose signature covers nothing."""
    router = APIRouter()

    @router.post("/webhook/{pbx}", include_in_schema=False)
    async def receive(pbx: str, request: Request) -> JSONResponse:
        try:
            await receiver.receive(pbx, request)
        except WebhookRefusal as refusal:
            headers = {"Connection": "close"} if refusal.status in {408, 413} else None
            return JSONResponse({"status": refusal.reason}, refusal.status, headers)
        return JSONResponse({"status": "ok"})

    return router


async def _body(request: Request) -> bytes:
    """The raw body, at most 64 KiB, within ten seconds."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:12]) > MAX_EVENT_BYTES:
        raise WebhookRefusal(413, "too large")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_EVENT_BYTES:
                    raise WebhookRefusal(413, "too large")
    except (TimeoutError, ClientDisconnect):
        raise WebhookRefusal(408, "too slow") from None
    return bytes(body)
