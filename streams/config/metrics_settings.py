"""Where each process tells how it is doing."""

from typing import Annotated, Literal

from pydantic import Field

from detector.settings.params import Params
from detector.settings.values import Host

Process = Literal["run", "worker", "gateway", "serve", "archive"]
MetricsPort = Annotated[int, Field(ge=0, le=65_535)]


class Metrics(Params):
    """The ports of `/metrics` and `/healthz`, one for each kind of process; 0 is none."""

    host: Host = "127.0.0.1"
    run: MetricsPort = 9464
    worker: MetricsPort = 9465
    gateway: MetricsPort = 9466
    serve: MetricsPort = 9467
    archive: MetricsPort = 9468

    def address(self, process: Process) -> tuple[str, int] | None:
        """Host and port, or None."""
        port: int = getattr(self, process)
        return (self.host, port) if port else None
