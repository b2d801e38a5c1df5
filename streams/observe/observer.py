"""Answers `GET /metrics` and `GET /healthz`, and nothing else, in a thread of its own."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer, ThreadingTCPServer
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from streams.config.metrics_settings import Metrics, Process
from streams.observe.delays import DELAY
from streams.observe.families import about

ANSWER_WITHIN = 5.0
CONNECTION = 10.0
AT_ONCE = 8
POLL = 0.2

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Vitals(Protocol):
    """What a process says when it is asked, always in its own event loop: one that hangs is not healthy."""

    async def metrics(self) -> list[Metric]:
        """Its figures; must not wait for anything for more than a few seconds."""

    def ailments(self) -> Iterable[str]:
        """Why it does not do its work, for people; nothing if it does. Never secrets or call data."""


class SilentError(RuntimeError):
    """The event loop does not answer."""


class Observer:
    """The server, while this context lasts; entered in the event loop of the process. Port 0 of the settings is none.

    Raises OSError with the address as file name where it is not to be had.
    """

    def __init__(self, settings: Metrics, process: Process, vitals: Vitals) -> None:
        self._address = settings.address(process)
        self._process = process
        self._vitals = vitals
        self._server: Server | None = None

    def __enter__(self) -> Self:
        if self._address is not None:
            asker = Asker(asyncio.get_running_loop(), self._vitals)
            self._server = bound(*self._address, registry(asker, self._process), asker)
            threading.Thread(target=self._server.serve_forever, args=(POLL,), name="observer", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


class Asker(Collector):
    """Asks the event loop from other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop, vitals: Vitals) -> None:
        self._loop = loop
        self._vitals = vitals

    def collect(self) -> Iterable[Metric]:
        """The figures of the process. Raises `SilentError`."""
        return self._ask(self._vitals.metrics)

    def ailments(self) -> list[str]:
        """What ails the process, its silence included."""

        async def ask() -> list[str]:
            return list(self._vitals.ailments())

        try:
            return self._ask(ask)
        except SilentError as error:
            return [str(error)]

    def _ask(self, question: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._loop.is_closed():
            raise SilentError("the process is ending")
        asked = asyncio.run_coroutine_threadsafe(question(), self._loop)
        try:
            return asked.result(ANSWER_WITHIN)
        except TimeoutError:
            asked.cancel()
            raise SilentError(f"the event loop has not answered for {ANSWER_WITHIN:.0f} s") from None


class Server(ThreadingTCPServer):
    """Takes a few connections at a time, and none for long."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, host: str, port: int, figures: CollectorRegistry, asker: Asker) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.figures = figures
        self.asker = asker
        self._open: dict[Any, float] = {}
        super().__init__((host, port), Handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room for one more."""
        return len(self._open) < AT_ONCE

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread of its own."""
        self._open[request] = time.monotonic()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """To its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.pop(request, None)

    def service_actions(self) -> None:
        """Between requests: end connections that take too long."""
        for request, since in list(self._open.items()):
            if time.monotonic() - since > CONNECTION:
                with suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's trouble."""
        log.debug("observer: request failed", exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """One request, one answer, and the connection is closed."""

    timeout = CONNECTION
    server: BaseServer

    def do_GET(self) -> None:
        """Figures or health."""
        assert isinstance(self.server, Server)
        path = self.path.partition("?")[0]
        if path == "/healthz":
            ailments = self.server.asker.ailments()
            told = {"status": "failing", "reasons": ailments} if ailments else {"status": "ok"}
            self._answer(503 if ailments else 200, "application/json", json.dumps(told).encode() + b"\n")
        elif path == "/metrics":
            try:
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(self.server.figures))
            except SilentError as error:
                self._answer(503, "text/plain", str(error).encode() + b"\n")
        else:
            self._answer(404, "text/plain", b"only /metrics and /healthz\n")

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """Who answers: not which Python."""
        return "ringfence"

    def log_message(self, *_: object) -> None:
        """Nothing."""


def registry(asker: Asker, process: Process) -> CollectorRegistry:
    """All that `/metrics` shows."""
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    for collector in (about(process), DELAY, asker):
        made.register(collector)
    return made


def bound(host: str, port: int, figures: CollectorRegistry, asker: Asker) -> Server:
    """A server that has its address, or OSError that names it."""
    try:
        return Server(host, port, figures, asker)
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"{host}:{port} (metrics)") from None
