"""Runs a web server on a socket of our own, and slams the door on blocked addresses."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol


class _QuietServer(uvicorn.Server):
    """Leaves the signals to the program it runs in, and stops at once when told to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.told_to_stop = asyncio.Event()

    async def main_loop(self) -> None:
        """Keep the Date header fresh until told to stop."""
        while not self.told_to_stop.is_set():
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.told_to_stop.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for open connections as uvicorn does, but not when there are none."""
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
            await server.wait_closed()


def _guarded(is_blocked: Callable[[str], bool]) -> type[H11Protocol]:
    class GuardedProtocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:  # uvicorn's own signature is narrower than asyncio's
            peer = transport.get_extra_info("peername")
            if peer and is_blocked(peer[0]):
                transport.abort()
                return
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            if self.transport is not None:
                super().connection_lost(exc)

    return GuardedProtocol


class LocalServer:
    """One uvicorn server inside the running event loop."""

    def __init__(self, app: ASGIApp, host: str, port: int, is_blocked: Callable[[str], bool]) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            http=_guarded(is_blocked),
            ws="websockets-sansio",
            ws_ping_interval=None,
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _QuietServer(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve; the socket accepts connections when this returns."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._task.done():
                await self._task
            await asyncio.sleep(0.002)

    async def stop(self) -> None:
        """Close every connection and the socket."""
        self._server.told_to_stop.set()
        if self._task is not None:
            await self._task
        self._socket.close()
