"""A server of block lists over real HTTP, which says what it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from msgspec import Struct


class ListServer(Struct):
    """`answers` by path: status, headers, body; `asked` are the paths and headers of requests."""

    port: int
    answers: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[tuple[str, dict[str, str]]]

    def url(self, path: str = "/list") -> str:
        """Where to ask."""
        return f"http://127.0.0.1:{self.port}{path}"


@asynccontextmanager
async def list_server() -> AsyncIterator[ListServer]:
    """The server while the block runs; it honours ETags."""
    made = ListServer(0, {}, [])
    over = asyncio.Event()
    answering = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.add(asyncio.current_task())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        path = head[0].split()[1]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:]) if name}
        made.asked.append((path, headers))
        status, more, body = made.answers.get(path, (404, {}, b""))
        if status == 0:
            await over.wait()
        if more.get("ETag") and headers.get("if-none-match") == more["ETag"]:
            status, body = 304, b""
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in more.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        over.set()
        server.close()
        await asyncio.gather(*answering, return_exceptions=True)
