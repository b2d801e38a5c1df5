"""`ringfence worker`: a thin Faust agent that hands the records of assigned partitions to the runtime."""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, cast

import faust
import structlog
from faust import Stream
from faust.auth import SASLCredentials, SSLCredentials
from faust.types import EventT, StreamT
from faust.types.auth import CredentialsT
from faust.types.tuples import TP
from mode import Service
from mode.types.signals import BaseSignalT

from streams.cli.support.choices import cluster_of
from streams.cli.support.failures import FAILED, explained
from streams.config.installation import Installation
from streams.config.kafka_settings import Kafka, Security
from streams.kafka.connecting import LARGEST, context, revealed
from streams.kafka.topiclog import LogChangedError
from streams.kafka.work.partitions import LogRecord
from streams.kafka.work.rounds import End, GapError, Runtime, fatal
from streams.kafka.work.watchdog import StalledError
from streams.observe.observer import Observer
from streams.processes.vitals_worker import WorkerVitals
from streams.store.store_errors import Fenced

FENCED = 75
STOP_WITHIN = 30.0
COMMIT_EVERY = 0.5
REQUEST_WITHIN = 90.0
SELDOM = 10.0
BUFFERED = 256
"""Records that wait in front of the agent; each may be a megabyte."""

log = structlog.get_logger(__name__)


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


def run_worker(settings: Installation) -> NoReturn:
    """Work until SIGTERM (exit 0), or until something is wrong: fenced (75), configuration (2), all else (1)."""
    kafka, database = cluster_of(settings, "a worker")
    for handler in logging.getLogger().handlers:
        handler.addFilter(Seldom())
    asyncio.set_event_loop(asyncio.new_event_loop())
    around = Around(settings, kafka, database, end)
    FaustProcess(faust_app(kafka, settings.data, around, end), around).execute_from_commandline()


def end(error: BaseException) -> NoReturn:
    """The process ends here and now; what is not acknowledged comes again."""
    code = FENCED if isinstance(error, Fenced) else FAILED
    known = isinstance(error, Fenced | LogChangedError | GapError | StalledError)
    reason = str(error) if known else explained(error)[0]
    log.error("worker ends", reason=reason, error=type(error).__name__)
    sys.stderr.flush()
    os._exit(code)


def faust_app(kafka: Kafka, data: Path, around: Around, end: End) -> faust.App:
    """Faust's app: no tables, no web server, nothing acknowledged but by us."""
    app = faust.App(
        kafka.group,
        broker=[f"kafka://{broker}" for broker in kafka.brokers],
        broker_session_timeout=kafka.session_timeout,
        broker_heartbeat_interval=min(3.0, kafka.session_timeout / 4),
        broker_request_timeout=max(REQUEST_WITHIN, kafka.session_timeout),
        broker_commit_interval=COMMIT_EVERY,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=kafka.static_member,
        stream_wait_empty=False,
        stream_buffer_maxsize=BUFFERED,
        topic_allow_declare=False,
        topic_disable_leader=True,
        broker_credentials=credentials(kafka.security),
        consumer_max_fetch_size=LARGEST,
        web_enabled=False,
        autodiscover=False,
        datadir=data.absolute(),
    )
    events = app.topic(
        f"{kafka.prefix}.events", key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )

    @app.agent(events, name="events")
    async def take(stream: StreamT[bytes]) -> None:
        with fatal(end):
            async for event in cast(Stream[bytes], stream).noack().events():
                await around.runtime.partitions.take(record(event))

    @app.on_partitions_assigned.connect
    async def assigned(sender: Any, /, *partitions: Any, signal: BaseSignalT[Any], **_: Any) -> None:
        with fatal(end):
            await around.runtime.partitions.assigned(numbers(*partitions), sender.consumer_generation_id)

    @app.on_partitions_revoked.connect
    async def revoked(sender: Any, /, *partitions: Any, signal: BaseSignalT[Any], **_: Any) -> None:
        with fatal(end):
            await around.runtime.partitions.revoked(numbers(*partitions))

    @app.on_before_shutdown.connect
    async def leaving(sender: Any, /, *_: Any, signal: BaseSignalT[Any], **__: Any) -> None:
        with fatal(end):
            await around.runtime.partitions.revoked(around.runtime.partitions.positions())

    return app


def credentials(security: Security) -> CredentialsT | None:
    """The same TLS and login as our other clients have, in Faust's words."""
    tls = context(security) if security.tls else None
    if security.sasl:
        return SASLCredentials(
            username=revealed(security.username), password=revealed(security.password), ssl_context=tls,
            mechanism=str(security.mechanism),
        )  # fmt: skip
    return SSLCredentials(context=tls) if tls is not None else None


def numbers(partitions: set[TP]) -> set[int]:
    """The partitions of our only topic."""
    return {at.partition for at in partitions}


def record(event: EventT[bytes]) -> LogRecord:
    """What Faust delivers, as the runtime takes it."""
    message = event.message
    headers = message.headers.items() if isinstance(message.headers, Mapping) else message.headers or ()
    return LogRecord(
        message.partition, message.offset, message.generation_id or 0, message.value, tuple(headers), event.ack
    )
