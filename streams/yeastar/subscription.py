"""The PBX's event stream over a WebSocket."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.http11 import Response

from detector.contract.events import MAX_EVENT_BYTES
from streams.pbxs.pbx_errors import PbxError, Unreachable
from streams.yeastar.http import API, REDIRECTS, USER_AGENT, Http, checked, redirected

MAX_FRAME_BYTES = 2 * MAX_EVENT_BYTES
MAX_QUEUED = 64
HEARTBEAT_ANSWER = b"heartbeat response"

# The library logs the request line, which holds the token, at DEBUG.
quiet = logging.Logger("websockets.quiet", logging.INFO)


class Unredirected(connect):
    """Goes nowhere else than where it was told to: whoever answers in the PBX's place gets no token of ours."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Never follow."""
        return exc


class Subscription:
    """An open stream. Raises `PbxError` only."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def receive(self) -> bytes:
        """The next frame as it came: an event, an answer to the subscription or to a heartbeat."""
        problem = ""
        try:
            return await self._socket.recv(decode=False)
        except ConnectionClosed as error:
            problem = type(error).__name__
        raise Unreachable(f"subscribe: {problem}")

    async def heartbeat(self) -> None:
        """Tell the PBX that we are still here; it drops a stream that says nothing for 60 s."""
        await self._send("heartbeat")

    async def topics(self, topics: Sequence[int]) -> None:
        """Ask for these event ids and wait for the consent; events before it are not expected."""
        await self._send(msgspec.json.encode({"topic_list": list(topics)}).decode())
        checked(await self.receive(), "subscribe")

    async def _send(self, text: str) -> None:
        try:
            await self._socket.send(text)
            return
        except ConnectionClosed as error:
            problem = type(error).__name__
        raise Unreachable(f"subscribe: {problem}")


@asynccontextmanager
async def subscribed(http: Http, token: str, topics: Sequence[int]) -> AsyncIterator[Subscription]:
    """A stream of `topics`, opened with this token; frames are at most 128 KiB."""
    socket = await _connected(http, token)
    try:
        subscription = Subscription(socket)
        await subscription.topics(topics)
        yield subscription
    finally:
        await socket.close()


async def _connected(http: Http, token: str) -> ClientConnection:
    url = http.url.copy_with(scheme="wss" if http.url.scheme == "https" else "ws").join(f"{API}subscribe")
    problem: PbxError
    try:
        return await Unredirected(
            f"{url}?{urlencode({'access_token': token})}",
            ssl=http.ssl,
            user_agent_header=USER_AGENT,
            open_timeout=http.timeout,
            close_timeout=1,
            ping_interval=None,
            max_size=MAX_FRAME_BYTES,
            max_queue=MAX_QUEUED,
            compression=None,
            proxy=None,
            logger=quiet,
        )
    except InvalidStatus as error:
        problem = refusal(error.response)
    except (OSError, TimeoutError, InvalidHandshake, WebSocketException, EOFError) as error:
        problem = Unreachable(f"subscribe: {type(error).__name__}")
    raise problem


def refusal(response: Response) -> PbxError:
    """A PBX that does not take the token answers with an ordinary error; one that sends us on is not the PBX."""
    status, place = response.status_code, response.headers.get("Location")
    if place is not None and status in REDIRECTS:
        return Unreachable(f"subscribe: {redirected(status, place)}")
    body = bytes(response.body or b"")
    try:
        checked(body, "subscribe")
    except PbxError as error:
        return error if body.lstrip()[:1] == b"{" else Unreachable(f"subscribe: HTTP {status}")
    return Unreachable("subscribe: no upgrade")
