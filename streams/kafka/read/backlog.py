"""Sees from outside whether anybody works on the log: workers that are all dead cannot say so themselves."""

import asyncio
from collections.abc import Mapping

import structlog
from sqlalchemy import Engine

from streams.config.kafka_settings import Kafka
from streams.kafka.connecting import AwayError
from streams.kafka.topiclog import TopicLog
from streams.store.checkpoints import saved_offsets
from streams.store.store_errors import UnavailableError

LOOK_EVERY = 5.0
LOOKS = 6
LOOK_WITHIN = 10.0

log = structlog.get_logger(__name__)


class Backlog:
    """How many records wait, None while that is not known, and since how many looks nothing was saved of them."""

    def __init__(self, kafka: Kafka, database: Engine) -> None:
        self._kafka = kafka
        self._database = database
        self.waiting: int | None = None
        self._still = 0
        self._saved: Mapping[int, int] = {}

    @property
    def problem(self) -> str | None:
        """What people must know."""
        if self._still < LOOKS:
            return None
        return f"No worker is at work: {self.waiting:,} records wait in Kafka. Attacks are not seen."

    async def run(self) -> None:
        """Look until cancelled, whatever is away."""
        topic = TopicLog(self._kafka, f"{self._kafka.prefix}.events")
        started = False
        try:
            while True:
                try:
                    async with asyncio.timeout(LOOK_WITHIN):
                        if not started:
                            await topic.start()
                            started = True
                        ends = await topic.ends(range(self._kafka.partitions))
                        self.look(ends, await asyncio.to_thread(saved_offsets, self._database))
                except (AwayError, TimeoutError, UnavailableError) as error:
                    log.info("the log cannot be looked at", error=f"{type(error).__name__}: {error}"[:300])
                    self.waiting, self._still = None, 0
                await asyncio.sleep(LOOK_EVERY)
        finally:
            await topic.stop()

    def look(self, ends: Mapping[int, int], saved: Mapping[int, int]) -> None:
        """The log ends there, and the checkpoints are so far."""
        self.waiting = sum(max(end - saved.get(partition, 0), 0) for partition, end in ends.items())
        self._still = self._still + 1 if self.waiting and saved == self._saved else 0
        self._saved = saved
