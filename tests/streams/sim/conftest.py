"""A client of the simulated PBX that knows nothing but HTTP, and a receiver of webhooks."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from streams.sim import SimOptions, SimulatedPbx

TLS = ssl.create_default_context()


class Api:
    """Gets one token and uses it for every call."""

    def __init__(self, pbx: SimulatedPbx, client: httpx.AsyncClient) -> None:
        self.pbx = pbx
        self.client = client
        self.token = ""

    async def raw(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        answer = await self.client.request(method, f"{self.pbx.url}/openapi/v1.0/{path}", **arguments)
        assert answer.status_code == 200
        assert answer.headers["connection"] == "close"
        body: dict[str, Any] = answer.json()
        return body

    async def login(self, password: str | None = None) -> dict[str, Any]:
        secret = self.pbx.client_secret if password is None else password
        body = {"username": self.pbx.client_id, "password": secret}
        return await self.raw("POST", "get_token", json=body)

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        return await self.raw("GET", path, params=query | {"access_token": await self._token()})

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        return await self.raw("POST", path, json=body, params={"access_token": await self._token()})

    async def _token(self) -> str:
        if not self.token:
            self.token = (await self.login())["access_token"]
        return self.token


@asynccontextmanager
async def open_api(pbx: SimulatedPbx, address: str = "127.0.0.1") -> AsyncIterator[Api]:
    transport = httpx.AsyncHTTPTransport(verify=TLS, local_address=address)
    async with httpx.AsyncClient(headers={"User-Agent": "OpenAPI"}, transport=transport) as client:
        yield Api(pbx, client)


@pytest.fixture
def api_of() -> Callable[..., Any]:
    """Opens a client for a PBX, from any loopback address."""
    return open_api


@pytest.fixture
async def pbx() -> AsyncIterator[SimulatedPbx]:
    """A PBX in which two seconds of a script take one hundredth of a second."""
    async with SimulatedPbx(SimOptions(speed=200)) as running:
        yield running


@pytest.fixture
async def api(pbx: SimulatedPbx) -> AsyncIterator[Api]:
    async with open_api(pbx) as client:
        yield client


class Receiver:
    """A little web server: keeps every request, answers with the status that is next."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.page = b""
        self.silent = False
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.requests.append((lines[0].split(" ")[0], headers, body))
        if self.silent:
            await reader.read()
        else:
            status = self.statuses.pop(0) if self.statuses else 200
            answer = f"HTTP/1.1 {status} X\r\nContent-Length: {len(self.page)}\r\nConnection: close\r\n\r\n"
            writer.write(answer.encode() + self.page)
            await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiving = Receiver()
    server = await asyncio.start_server(receiving.serve, "127.0.0.1", 0)
    receiving.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    yield receiving
    server.close()
    await server.wait_closed()


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Waits for something to become true; the test's own limit is generous, so that it never decides."""

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(15):
            while not condition():  # noqa: ASYNC110 - conditions are of any kind, no event tells of them
                await asyncio.sleep(0.005)

    return wait
