"""A thin Faust agent that hands the records of assigned partitions to those who work on them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import faust
from faust import Stream
from faust.auth import SASLCredentials, SSLCredentials
from faust.types import EventT, StreamT
from faust.types.auth import CredentialsT
from faust.types.tuples import TP
from mode.types.signals import BaseSignalT

from streams.config.kafka_settings import Kafka, Security
from streams.kafka.connecting import LARGEST, context, revealed
from streams.kafka.work.partitions import LogRecord, Partitions
from streams.kafka.work.rounds import End, fatal

COMMIT_EVERY = 0.5
REQUEST_WITHIN = 90.0
BUFFERED = 256
"""Records that wait in front of the agent; each may be a megabyte."""


def faust_app(kafka: Kafka, data: Path, partitions: Callable[[], Partitions], end: End) -> faust.App:
    """Faust's app: no tables, no web server, nothing acknowledged but by us.

    `partitions` is asked from the first record or assignment on; `end` is told of what must end the process.
    """
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
                await partitions().take(record(event))

    @app.on_partitions_assigned.connect
    async def assigned(sender: Any, /, *given: Any, signal: BaseSignalT[Any], **_: Any) -> None:
        with fatal(end):
            await partitions().assigned(numbers(*given), sender.consumer_generation_id)

    @app.on_partitions_revoked.connect
    async def revoked(sender: Any, /, *taken: Any, signal: BaseSignalT[Any], **_: Any) -> None:
        with fatal(end):
            await partitions().revoked(numbers(*taken))

    @app.on_before_shutdown.connect
    async def leaving(sender: Any, /, *_: Any, signal: BaseSignalT[Any], **__: Any) -> None:
        with fatal(end):
            await partitions().revoked(partitions().positions())

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
