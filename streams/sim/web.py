"""The PBX's web server: the API over HTTP, events over WebSocket, and the optional control page."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from streams.sim.api import calls_api, extensions, records_api, routes, system, tokens
from streams.sim.api.endpoint import (
    ENDPOINTS,
    ApiError,
    Endpoint,
    QueryParams,
    bad_parameter,
    no_interface,
    token_expired,
)
from streams.sim.core import PbxCore

_MODULES = (calls_api, extensions, records_api, routes, system, tokens)
"""Imported for the endpoints they register."""
BASE = "/openapi/v1.0/"
_MAX_BODY = 1 << 20
_MAX_FRAMES = 20_000

Control = Callable[[Request], Awaitable[JSONResponse]]


class WebServer:
    """An ASGI application; every HTTP answer has status 200 and closes its connection."""

    def __init__(self, core: PbxCore, control: Control | None) -> None:
        self._core = core
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one WebSocket."""
        if scope["type"] == "websocket":
            await self._subscribe(WebSocket(scope, receive, send))
        elif scope["type"] == "http":
            request = Request(scope, receive)
            answer = await self._control_page(request) or await self._openapi(request)
            answer.headers["Connection"] = "close"
            await answer(scope, receive, send)

    async def _control_page(self, request: Request) -> JSONResponse | None:
        local = request.client is not None and ip_address(request.client.host).is_loopback
        if self._control is None or not local or not request.url.path.startswith("/sim/"):
            return None
        return await self._control(request)

    async def _openapi(self, request: Request) -> JSONResponse:
        client_ip = request.client.host if request.client else "0.0.0.0"  # noqa: S104 - unknown, not a bind
        try:
            target = self._target(request.method, request.url.path, request.headers, client_ip)
            if target.needs_token:
                self._check_token(request.query_params)
            if target.path.partition("/")[0] in self._core.options.denied_permissions:
                raise ApiError(10005, "ACCESS DENIED")
            params = QueryParams(client_ip, await _values(request))
            if self._core.options.request_seconds:
                await asyncio.sleep(self._core.options.request_seconds)
            fields = target.answer(self._core, params)
        except ApiError as error:
            return JSONResponse(error.answer)
        if target.verb == "POST" and target.needs_token:
            self._note(target.path, params)
        return JSONResponse({"errcode": 0, "errmsg": "SUCCESS"} | fields)

    def _note(self, path: str, params: QueryParams) -> None:
        """In the PBX's own record, without the values: they may be secret."""
        values = params.values
        about = values.get("id") or values.get("channel_id") or values.get("name") or values.get("caller")
        self._core.changes.append({"path": path, "about": about, "fields": sorted(values)})

    def _target(self, method: str, path: str, headers: Mapping[str, str], client_ip: str) -> Endpoint:
        self._check_caller(headers, client_ip)
        target = ENDPOINTS.get(path.removeprefix(BASE)) if path.startswith(BASE) else None
        if target is None or target.verb != method or target.path in self._core.options.unsupported_endpoints:
            raise no_interface()
        return target

    def _check_caller(self, headers: Mapping[str, str], client_ip: str) -> None:
        if not headers.get("user-agent", "").strip():
            raise bad_parameter()
        if not self._core.access.permits_address(client_ip):
            raise ApiError(70087, "IP FORBIDDEN")

    def _check_token(self, query: Mapping[str, str]) -> float:
        expiry = self._core.access.expiry(query.get("access_token", ""))
        if expiry is None:
            raise token_expired()
        return expiry

    async def _subscribe(self, socket: WebSocket) -> None:
        client_ip = socket.client.host if socket.client else "0.0.0.0"  # noqa: S104 - unknown, not a bind
        try:
            if socket.url.path != f"{BASE}subscribe":
                raise no_interface()
            self._check_caller(socket.headers, client_ip)
            expiry = self._check_token(socket.query_params)
        except ApiError as error:
            await socket.send_denial_response(JSONResponse(error.answer))
            return
        await socket.accept()
        await SimSubscription(self._core, socket, expiry).serve()


class SimSubscription:
    """One WebSocket that listens to events until it goes quiet or its token ends."""

    def __init__(self, core: PbxCore, socket: WebSocket, expiry: float) -> None:
        self._core = core
        self._socket = socket
        self._expiry = expiry
        self._topics: frozenset[int] = frozenset()
        self._frames: asyncio.Queue[str] = asyncio.Queue(_MAX_FRAMES)

    async def serve(self) -> None:
        """Push events and answer messages; ends with the connection."""
        ignore = self._core.hub.listen(self._push)
        sender = asyncio.create_task(self._send())
        try:
            while await self._answer_next():
                pass
            await self._socket.close()
        except (WebSocketDisconnect, RuntimeError):
            pass  # the other side is gone, before or while we answered
        finally:
            ignore()
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    def _push(self, event: int, frame: str) -> None:
        if event in self._topics:
            self._queue(frame)

    def _queue(self, frame: str) -> None:
        if not self._frames.full():
            self._frames.put_nowait(frame)

    async def _send(self) -> None:
        while True:
            await self._socket.send_text(await self._frames.get())

    async def _answer_next(self) -> bool:
        """Wait for a message and answer it; false when the wait was too long or the token has ended."""
        left = self._expiry - self._core.clock.now()
        try:
            async with asyncio.timeout(min(left, self._core.options.websocket_idle_seconds)):
                text = await self._socket.receive_text()
        except TimeoutError:
            return False
        self._queue("heartbeat response" if text == "heartbeat" else json.dumps(self._topics_answer(text)))
        return True

    def _topics_answer(self, text: str) -> dict[str, object]:
        try:
            topics = json.loads(text)["topic_list"]
            self._topics = frozenset(int(topic) for topic in topics)
        except (ValueError, TypeError, KeyError):
            return bad_parameter().answer
        return {"errcode": 0, "errmsg": "SUCCESS"}


async def _values(request: Request) -> Mapping[str, object]:
    if request.method == "GET":
        return dict(request.query_params)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise bad_parameter()
    try:
        values = json.loads(body)
    except ValueError as error:
        raise bad_parameter() from error
    if not isinstance(values, dict):
        raise bad_parameter()
    return values
