"""Runs an ASGI application inside the service's event loop, leaving signals to the service."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from streams.processes.half_open import HalfOpen, patient


class Listener(uvicorn.Server):
    """One HTTP server on a socket that listens at once: a port in use is known before anything starts, and who comes
    early waits.

    Raises OSError when the address is not to be had.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._bound.bind((host, port))
            self._bound.listen()
        except OSError:
            self._bound.close()
            raise
        self.port: int = self._bound.getsockname()[1]
        self.url = f"http://{host}:{self.port}/"
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # a neighbour on this machine could otherwise choose the address that is locked out
            timeout_graceful_shutdown=2,
            limit_concurrency=512,
            http=patient(HalfOpen()),
        )
        super().__init__(config)

    async def run_until_stopped(self) -> None:
        """Serve until `should_exit` is set."""
        try:
            await self.serve(sockets=[self._bound])
        finally:
            self._bound.close()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: the service stops us."""
        yield


def free_port(wanted: int = 0) -> int:
    """`wanted` if nothing listens there on 127.0.0.1, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                trial.bind(("127.0.0.1", port))
                return int(trial.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
