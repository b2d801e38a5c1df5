"""Somebody answers in the PBX's place and sends us on: we go nowhere, and say where to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from detector.formats.yeastar.yeastar_frames import YeastarFrames
from streams.pbxs.pbx_errors import Unreachable
from streams.runtime.ingest import Ingest
from streams.yeastar.catchup import Catchup
from streams.yeastar.client import YeastarClient
from streams.yeastar.http import redirected
from streams.yeastar.websocket import WebSocketSource

ZONE = ZoneInfo("America/New_York")
TOKEN = b'{"errcode": 0, "errmsg": "SUCCESS", "access_token": "T0KEN", "refresh_token": "R3FRESH"}'
NOWHERE = b'{"errcode": 0, "errmsg": "SUCCESS", "data": []}'


class Impostor:
    """Stands where the PBX should be; redirects the upgrade, or everything, and counts how often."""

    def __init__(self, *, everything: bool) -> None:
        self.place = ""
        self.asked = 0
        self._everything = everything

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            upgrade = b"subscribe" in head.split(b"\r\n")[0]
            if upgrade or self._everything:
                self.asked += 1
                status, more, body = "302 Found", f"Location: {self.place}\r\n", b""
            else:
                status, more, body = "200 OK", "", TOKEN if b"get_token" in head else NOWHERE
            writer.write(f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()


class Elsewhere:
    """Where nobody must come."""

    def __init__(self) -> None:
        self.visits: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits.append(await reader.read(4096))
        writer.close()


@asynccontextmanager
async def listening(visitor: Impostor | Elsewhere) -> AsyncIterator[int]:
    server = await asyncio.start_server(visitor, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


PLACES = {
    "another port": "http://127.0.0.1:{port}/openapi/v1.0/subscribe?access_token=T0KEN",
    "another host": "http://localhost:{port}/",
    "a websocket": "ws://127.0.0.1:{port}/",
    "without a scheme": "//127.0.0.1:{port}/x",
    "a file": "file:///etc/passwd",
}


def client_at(port: int) -> YeastarClient:
    return YeastarClient(f"http://127.0.0.1:{port}", "id", SecretStr("s3cret"), zone=ZONE, pause=0.01)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
async def test_an_upgrade_that_is_redirected_goes_nowhere(place: str, quiet_ingest: Ingest) -> None:
    impostor, elsewhere = Impostor(everything=False), Elsewhere()
    async with listening(elsewhere) as other, listening(impostor) as port:
        impostor.place = place.format(port=other)
        client, frames = client_at(port), YeastarFrames("hq", ZONE, keyed_hash=lambda pin: "hash")
        source = WebSocketSource(client, frames, quiet_ingest, Catchup(client, frames), pause=0.02, longest=1)
        running = asyncio.create_task(source.run())
        async with asyncio.timeout(30):
            while impostor.asked < 3:  # noqa: ASYNC110 - the state of another task
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await client.close()
    assert elsewhere.visits == []
    shown = impostor.place.partition("?")[0]
    assert f"HTTP 302, a redirect to {shown}, which is not followed" in (source.status.problem or "")
    assert "T0KEN" not in (source.status.problem or "")


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
async def test_a_request_that_is_redirected_goes_nowhere(place: str) -> None:
    impostor, elsewhere = Impostor(everything=True), Elsewhere()
    async with listening(elsewhere) as other, listening(impostor) as port:
        impostor.place = place.format(port=other)
        client = client_at(port)
        with pytest.raises(Unreachable, match="a redirect to"):
            await client.information()
        await client.close()
    assert elsewhere.visits == []


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("https://user:pass@evil.example/x?access_token=abc#f", "https://evil.example/x"),
        ("http://evil.example/\x1b[31m", "http://evil.example/?[31m"),
        ("x" * 500, "x" * 200),
    ],
)
def test_where_it_points_is_told_without_secrets_and_bounded(place: str, shown: str) -> None:
    assert redirected(302, place) == f"HTTP 302, a redirect to {shown}, which is not followed"


class Quiet:
    """A log that takes everything."""

    async def put(self, events: object) -> None:
        """Taken."""

    async def reject(self, rejected: object, source: str, pbx: str) -> None:
        """Taken."""


@pytest.fixture
def quiet_ingest() -> Quiet:
    return Quiet()
