"""`ringfence worker` as a process: Faust with the runtime around it, and how it ends."""

import asyncio
import logging
import os
import sys
import threading
import time
from contextlib import ExitStack
from functools import partial
from typing import Any, NoReturn

import faust
import structlog
from mode import Service

from streams.config.installation import Installation
from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import AskError
from streams.kafka.work.faust_app import faust_app
from streams.kafka.work.log_checkpoints import LogChangedError
from streams.kafka.work.rounds import End, GapError, Runtime, fatal
from streams.kafka.work.watchdog import StalledError
from streams.observe.observer import Observer
from streams.processes.exit_codes import FAILED, FENCED
from streams.processes.explain import explained
from streams.processes.vitals_worker import WorkerVitals
from streams.store.store_errors import Fenced

STOP_WITHIN = 30.0
SELDOM = 10.0

log = structlog.get_logger(__name__)


def run_worker(settings: Installation, kafka: Kafka, database: str) -> NoReturn:
    """Work until SIGTERM (exit 0), or until something is wrong: fenced (75), configuration (2), all else (1)."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(Seldom())
    asyncio.set_event_loop(asyncio.new_event_loop())
    around = Around(settings, kafka, database, end)
    app = faust_app(kafka, settings.data, lambda: around.runtime.partitions, end)
    FaustProcess(app, around).execute_from_commandline()


def end(error: BaseException) -> NoReturn:
    """The process ends here and now; what is not acknowledged comes again."""
    code = FENCED if isinstance(error, Fenced) else FAILED
    known = isinstance(error, AskError | Fenced | LogChangedError | GapError | StalledError)
    reason = str(error) if known else explained(error)[0]
    log.error("worker ends", reason=reason, error=type(error).__name__)
    sys.stderr.flush()
    os._exit(code)


class Around(Service):
    """Starts the runtime before Faust's app and stops it afterwards."""

    def __init__(self, settings: Installation, kafka: Kafka, database: str, end: End, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.runtime: Runtime
        self._made = partial(Runtime, settings, kafka, database, end)
        self._observed = partial(Observer, settings.metrics, "worker")
        self._open = ExitStack()
        self._end = end

    async def on_start(self) -> None:
        """Everything but Faust."""
        with fatal(self._end):
            self.runtime = self._made()
            self._open.enter_context(self._observed(WorkerVitals(self.runtime)))
            await self.runtime.start()

    async def on_stop(self) -> None:
        """Close it."""
        await self.runtime.stop()
        self._open.close()


class FaustProcess(faust.Worker):
    """Faust's worker without what it would do to the process: logging, standard output, debugger, spinner."""

    def __init__(self, app: faust.App, *services: Service) -> None:
        super().__init__(app, *services, quiet=True, override_logging=False, redirect_stdouts=False)
        self.spinner = None

    def _on_sigusr1(self) -> None:
        """Nothing."""

    def _on_sigusr2(self) -> None:
        """Nothing."""

    async def stop(self) -> None:
        """In good order, or after a while anyhow."""
        deadline = threading.Timer(STOP_WITHIN, os._exit, (FAILED,))
        deadline.daemon = True
        deadline.start()
        await super().stop()


class Seldom(logging.Filter):
    """Lets a message of the same origin through once in a while: clients repeat theirs ten times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it was not said lately."""
        key, now = (record.name, str(record.msg)[:100]), time.monotonic()
        said = self._last.get(key)
        if said is not None and now - said < SELDOM:
            return False
        if len(self._last) > 1_000:
            self._last.clear()
        self._last[key] = now
        return True
