"""Hundreds of connections that never finish their request, while the PBX posts events and a firewall asks."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import time
from pathlib import Path

import httpx
import pytest

from tests.system.programs import WEBHOOK_SECRET
from tests.system.scenes import Scene, come_true, theatre

MANY = 520
ANSWER_SECONDS = 2.0
HEADER_SECONDS = 20.0


class Held:
    """Connections to one port that say too little."""

    def __init__(self, port: int, said: bytes) -> None:
        self._port = port
        self._said = said
        self.open: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def begin(self, count: int) -> None:
        for _ in range(count):
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.write(self._said)
                self.open.append((reader, writer))

    async def drip(self) -> None:
        """One byte more on each, a second."""
        while True:
            for _, writer in self.open:
                with contextlib.suppress(OSError):
                    writer.write(b"x")
            await asyncio.sleep(1)

    async def ended(self) -> int:
        """How many of them the other side has closed."""
        closed = 0
        for reader, _ in self.open:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.01):
                    try:
                        await reader.read()
                        closed += 1
                    except OSError:
                        closed += 1
        return closed

    def close(self) -> None:
        for _, writer in self.open:
            writer.close()


HALVES = {
    "half a request line": b"POST /webho",
    "a body a byte a second": (
        b"POST /webhook/hq HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Signature: x\r\nContent-Length: 9999\r\n\r\n"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("said", HALVES.values(), ids=HALVES)
async def test_who_never_finishes_keeps_nobody_else_waiting(tmp_path: Path, said: bytes) -> None:
    async with theatre(tmp_path) as scene, contextlib.AsyncExitStack() as stack:
        connection = scene.installation.settings["pbxs"][0]["connection"]
        connection |= {"events": "both", "webhook_secret": "env:WEBHOOK_SECRET"}
        scene.configure()
        await stack.enter_async_context(scene.running())
        outside = Held(scene.installation.outside_port, said)
        console = Held(scene.installation.console_port, said)
        for held in (outside, console):
            stack.callback(held.close)
        began = asyncio.get_running_loop().time()
        await asyncio.gather(outside.begin(MANY), console.begin(MANY))
        dripping = asyncio.create_task(outside.drip()) if b"Content-Length" in said else None
        await scene.theft()
        while asyncio.get_running_loop().time() < began + HEADER_SECONDS:
            await asyncio.to_thread(asked_by_firewall, scene)
            await asyncio.to_thread(posted_by_pbx, scene)
            await asyncio.to_thread(seen_by_people, scene)
            await asyncio.sleep(0.5)
        await come_true("the theft is contained", scene.held)
        if dripping is not None:
            dripping.cancel()
        for held in (outside, console):
            async with asyncio.timeout(3 * HEADER_SECONDS):
                while await held.ended() < len(held.open):  # noqa: ASYNC110 - no event tells of it
                    await asyncio.sleep(0.5)


def asked_by_firewall(scene: Scene) -> None:
    with prompt() as client:
        assert client.get(scene.installation.feed_url).status_code == 200


def posted_by_pbx(scene: Scene) -> None:
    body = b'{"type":30012,"sn":"3631A2124001","msg":"%d"}' % time.monotonic_ns()
    signature = base64.b64encode(hmac.digest(WEBHOOK_SECRET.encode(), body, hashlib.sha256)).decode()
    with prompt() as client:
        url = f"http://127.0.0.1:{scene.installation.outside_port}/webhook/hq"
        assert client.post(url, content=body, headers={"X-Signature": signature}).status_code == 200


def seen_by_people(scene: Scene) -> None:
    with prompt() as client:
        assert client.get(f"{scene.installation.console_url}/login").status_code == 200


def prompt() -> httpx.Client:
    """Somebody who waits no longer than must be."""
    return httpx.Client(timeout=ANSWER_SECONDS, trust_env=False)
