"""The PBX's events over its webhook: signed, never twice, and answered when they are durable."""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import SecretStr
from starlette.requests import ClientDisconnect

from detector.contract.codec import Rejected
from detector.contract.events import MAX_EVENT_BYTES
from detector.formats.yeastar.yeastar_frames import REGISTRATION, YeastarFrames, serial_of, type_of
from streams.config.connection import Transport
from streams.config.installation import InstalledPbx
from streams.runtime.clock import utc_now
from streams.runtime.ingest import Ingest, SourceStatus, stamped
from streams.yeastar.webhook_seen import SeenBodies

NAME = "yeastar-webhook"
DAY = 86_400.0
# A phone that registers, leaves and registers again sends the same bytes again: only retries are repeats there.
RETRIES = 60.0
MAX_AT_ONCE = 64
NOTHING_YET = "nothing has come since this process was started"
BODY_SECONDS = 10.0

log = structlog.get_logger()


@dataclass(frozen=True)
class WebhookPbx:
    """One PBX that may push to us; several `secrets` while one replaces another, `sn` None for any."""

    frames: YeastarFrames
    secrets: tuple[SecretStr, ...]
    sn: str | None = None
    status: SourceStatus = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", SourceStatus(NAME, self.frames.pbx, problem=NOTHING_YET))


class WebhookRefusal(Exception):  # noqa: N818 - an answer, not a failure of ours
    """A request that is answered with this HTTP status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Receiver:
    """Checks and takes one request at a time; `patience` is how long the log may take, in seconds.

    The PBX waits 5 s and tries three times more; what is taken twice all the same has the same event ids.
    """

    def __init__(
        self,
        pbxs: Mapping[str, WebhookPbx],
        ingest: Ingest,
        seen: SeenBodies,
        *,
        patience: float = 4.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._pbxs = pbxs
        self._ingest = ingest
        self._seen = seen
        self._patience = patience
        self._now = now
        self._taking: set[bytes] = set()

    async def receive(self, name: str, request: Request) -> None:
        """Returns when the events are durable; raises `WebhookRefusal`."""
        signature = request.headers.get("x-signature", "")
        if not signature:
            raise WebhookRefusal(401, "not signed")
        body = await _body(request)
        pbx = self._pbxs.get(name)
        # A name nobody has costs as much as a wrong signature, and is answered alike.
        secrets = pbx.secrets if pbx else (SecretStr(""),)
        if not signed(body, signature, secrets) or pbx is None:
            raise WebhookRefusal(401, "wrong signature")
        if pbx.sn is not None and serial_of(body) not in {None, pbx.sn}:
            raise WebhookRefusal(403, "another PBX")
        digest = sha256(name.encode() + b"\0" + body).digest()
        if digest in self._taking or len(self._taking) >= MAX_AT_ONCE:
            raise WebhookRefusal(503, "busy")
        self._taking.add(digest)
        try:
            await self._take(pbx, body, digest)
        finally:
            self._taking.discard(digest)

    async def _take(self, pbx: WebhookPbx, body: bytes, digest: bytes) -> None:
        try:
            async with asyncio.timeout(self._patience):
                if await self._seen.known(digest):
                    return
                await self._hand_over(pbx, body)
                await self._seen.add(digest, RETRIES if type_of(body) == REGISTRATION else DAY)
        except Exception as error:
            problem = f"the log takes nothing: {type(error).__name__}"
            if pbx.status.problem != problem:
                log.error(problem, source=NAME, pbx=pbx.status.pbx)
            pbx.status.problem = problem
            raise WebhookRefusal(503, "try again") from None

    async def _hand_over(self, pbx: WebhookPbx, body: bytes) -> None:
        received_at = self._now()
        found = pbx.frames.read(body, received_at)
        events = [stamped(each, NAME) for each in found if not isinstance(each, Rejected)]
        rejected = [each for each in found if isinstance(each, Rejected)]
        if events:
            await self._ingest.put(events)
        for each in rejected:
            await self._ingest.reject(each, NAME, pbx.frames.pbx)
        pbx.status.connected, pbx.status.problem = True, None
        pbx.status.last_event_at = received_at
        pbx.status.events += len(events)
        pbx.status.rejected += len(rejected)


def webhook_of(pbx: InstalledPbx, frames: YeastarFrames) -> WebhookPbx | None:
    """What this PBX may push by, None if it does not."""
    connection = pbx.connection
    if connection is None or connection.events is Transport.WEBSOCKET or connection.webhook_secret is None:
        return None
    return WebhookPbx(frames, (connection.webhook_secret,), connection.serial)


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


def signed(body: bytes, signature: str, secrets: tuple[SecretStr, ...]) -> bool:
    """Whether `signature` is Base64 of HMAC-SHA256 over the raw body with one of the secrets; each is tried."""
    try:
        given = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        given = b""
    right = False
    for secret in secrets:
        key = secret.get_secret_value().encode()
        right |= hmac.compare_digest(hmac.new(key, body, sha256).digest(), given) and bool(key)
    return right


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
