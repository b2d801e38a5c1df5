"""One request to the PBX's API and its answer, bounded in time and size; tokens never reach a log."""

import asyncio
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import httpx
import msgspec
from msgspec import Struct

from streams.pbxs.pbx import Fence
from streams.pbxs.pbx_errors import PbxError, Unreachable
from streams.pbxs.tls_context import tls
from streams.runtime.backoff import Backoff
from streams.yeastar.errcodes import from_errcode

API = "/openapi/v1.0/"
USER_AGENT = f"Ringfence/{version('ringfence')}"
MAX_ANSWER_BYTES = 16 * 1024 * 1024
TRIES = 3
TOKEN = "token"  # noqa: S105 - the name of an extension of a request, not a secret
REDIRECTS = range(300, 400)
LONGEST_PLACE = 200
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Param = str | int


class Envelope(Struct, frozen=True):
    """What every answer begins with; `errcode` decides, the HTTP status is always 200."""

    errcode: int
    errmsg: str = ""


class TokenTransport(httpx.AsyncBaseTransport):
    """Adds the access token to the URL last of all, so that no log and no exception sees it."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` with the token of its extensions."""
        token = request.extensions.get(TOKEN)
        if token is None:
            return await self._inner.handle_async_request(request)
        sent = httpx.Request(
            request.method,
            request.url.copy_merge_params({"access_token": token}),
            headers=request.headers,
            stream=request.stream,
            extensions={name: value for name, value in request.extensions.items() if name != TOKEN},
        )
        return await self._inner.handle_async_request(sent)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class Http:
    """The API of one PBX without its login; a connection per request, as the PBX wants it.

    `verify` is False for no check of the certificate, or the path of the authority to trust; `timeout` and
    `pause` (before a second try) in seconds. What must not be sent twice, changes and logins, passes the `fence`.
    """

    def __init__(
        self, base_url: str, *, verify: bool | Path, timeout: float, pause: float, fence: Fence | None = None
    ) -> None:
        url = httpx.URL(base_url)
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo or url.query:
            raise ValueError("a PBX's address is http(s)://host:port")
        self.url = url
        self.ssl = tls(verify) if url.scheme == "https" else None
        self.timeout = timeout
        self.pause = pause
        self._fence = fence
        limits = httpx.Limits(max_connections=8, max_keepalive_connections=0)
        inner = httpx.AsyncHTTPTransport(verify=self.ssl or False, limits=limits, trust_env=False)
        self._client = httpx.AsyncClient(
            base_url=url.join(API),
            transport=TokenTransport(inner),
            timeout=httpx.Timeout(timeout, pool=3 * timeout),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Connection": "close"},
            trust_env=False,
        )

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        params: Mapping[str, Param] | None = None,
        body: Mapping[str, object] | None = None,
        again: bool = False,
    ) -> bytes:
        """The answer's bytes if its errcode is 0, else a `PbxError`.

        `again` says that the request may be sent twice; one that never left us always may.
        """
        if self._client.is_closed:
            raise Unreachable(f"{method} {path}: we have closed the connection")
        if self._fence is not None and not again:
            self._fence()
        wait = Backoff(self.pause, 8 * self.pause)
        problem = ""
        for attempt in range(1, TRIES + 1):
            request = self._client.build_request(
                method, path, params=params, json=body, extensions={TOKEN: token} if token else None
            )
            sent, answer = await self._send(request)
            if isinstance(answer, bytes):
                return checked(answer, path)
            problem = answer
            if attempt == TRIES or (sent and not again):
                break
            await asyncio.sleep(wait.next())
        raise Unreachable(f"{method} {path}: {problem}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _send(self, request: httpx.Request) -> tuple[bool, bytes | str]:
        """Whether it may have reached the PBX, and the answer or what went wrong."""
        try:
            async with asyncio.timeout(4 * self.timeout):
                response = await self._client.send(request, stream=True)
                try:
                    return True, await _body(response)
                finally:
                    await response.aclose()
        except NOT_SENT as error:
            return False, type(error).__name__
        except (httpx.HTTPError, httpx.StreamError, TimeoutError) as error:
            return True, type(error).__name__


def checked(answer: bytes, path: str) -> bytes:
    """`answer` if its errcode is 0; raises the `PbxError` it stands for."""
    problem: PbxError | None = None
    try:
        envelope = msgspec.json.decode(answer, type=Envelope)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        problem = Unreachable(f"{path}: the answer is not one of this API")
    else:
        if envelope.errcode:
            problem = from_errcode(envelope.errcode, envelope.errmsg, path)
    if problem is not None:
        raise problem
    return answer


def redirected(status: int, place: str) -> str:
    """Where somebody wanted us to go, without what a question mark or an account may hold; we never go."""
    plain = re.sub(r"//[^/@]*@", "//", place.partition("?")[0].partition("#")[0])[:LONGEST_PLACE]
    shown = "".join(c if c.isprintable() else "?" for c in plain)
    return f"HTTP {status}, a redirect to {shown}, which is not followed"


async def _body(response: httpx.Response) -> bytes | str:
    if response.status_code in REDIRECTS:
        return redirected(response.status_code, response.headers.get("location", "nowhere"))
    if response.status_code != httpx.codes.OK:
        return f"HTTP {response.status_code}"
    if response.headers.get("content-encoding", "identity") != "identity":
        return "an answer in an encoding we did not ask for"
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            return f"an answer of more than {MAX_ANSWER_BYTES} bytes"
    return bytes(body)
