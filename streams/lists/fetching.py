"""Fetches a block list: bounded in time, size and redirects, and only if it has changed."""

import asyncio
from importlib.metadata import version

import httpx
from msgspec import Struct

from streams.config.block_list_settings import BlockListSource, may_be_asked
from streams.runtime.block_lists import LARGEST_LIST

WITHIN = 60.0
"""Seconds for all of it."""
REDIRECTS = 3
AGENT = f"Ringfence/{version('ringfence')}"


class FetchError(Exception):
    """A list could not be had; says why."""


class Fetched(Struct, frozen=True):
    """What a server sent; `content` None says that nothing has changed since it was asked with these words."""

    content: bytes | None
    etag: str | None = None
    modified: str | None = None


async def fetch(
    settings: BlockListSource, etag: str | None, modified: str | None, *, within: float = WITHIN
) -> Fetched:
    """The list, if it is another than that of `etag` and `modified`. Raises FetchError."""
    asked = {"If-None-Match": etag, "If-Modified-Since": modified}
    headers = {
        "User-Agent": AGENT, "Accept-Encoding": "identity", **{name: value for name, value in asked.items() if value}
    }  # fmt: skip
    try:
        async with asyncio.timeout(within), httpx.AsyncClient(headers=headers, timeout=within) as client:
            return await follow(client, settings)
    except TimeoutError:
        raise FetchError(f"no answer within {within:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchError(f"{type(error).__name__}: {error}"[:200]) from None


async def follow(client: httpx.AsyncClient, settings: BlockListSource) -> Fetched:
    """The answer, wherever it is redirected to; never to where a list may not be asked for."""
    url = httpx.URL(settings.url or "")
    for _ in range(REDIRECTS + 1):
        if not may_be_asked(str(url), plainly=settings.plain_http):
            raise FetchError("redirected to where nothing is encrypted")
        async with client.stream("GET", url) as response:
            if not response.has_redirect_location:
                return await read(response)
            url = url.join(response.headers["location"])
    raise FetchError(f"redirected more than {REDIRECTS} times")


async def read(response: httpx.Response) -> Fetched:
    """What was sent, unless it is too much or no list."""
    if response.status_code == httpx.codes.NOT_MODIFIED:
        return Fetched(None)
    if response.status_code != httpx.codes.OK:
        raise FetchError(f"the server says {response.status_code}")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise FetchError("it is packed, although it was asked for plainly")
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > LARGEST_LIST:
            raise FetchError(f"larger than {LARGEST_LIST} bytes")
        parts.append(part)
    return Fetched(b"".join(parts), short(response.headers.get("etag")), short(response.headers.get("last-modified")))


def short(value: str | None) -> str | None:
    """What can be sent back."""
    return value if value is not None and len(value) <= 256 and value.isascii() and value.isprintable() else None
