"""A process that puts events, says of which the put has returned, and is killed."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from detector.contract.events import Call, Registration
from streams.config.kafka_settings import Kafka
from streams.kafka.write.producer import KafkaIngest
from streams.store.vault import Vault

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)


def call(number: int, pbx: str = "hq") -> Call:
    """One of many."""
    return Call(pbx=pbx, id=f"{pbx}-{number}", at=AT, phase="started", call_id=f"{number}")


def guess(number: int) -> Registration:
    """One of a flood."""
    return Registration(
        pbx="hq", id=f"guess-{number}", at=AT, outcome="rejected", source_ip="203.0.113.9", account=str(number)
    )


async def main(folder: Path, kafka: Kafka, what: str) -> None:
    """Put without end, from several sources at once."""

    async def source(name: str) -> None:
        for number in range(1_000_000):
            events = [guess(number)] if what == "flood" else [call(number, name)]
            await ingest.put(events)
            print("put", events[0].id, flush=True)
            await asyncio.sleep(0)

    async with KafkaIngest(kafka, Vault(folder / "key"), folder / "spool") as ingest:
        print("ready", flush=True)
        await asyncio.gather(*(source(name) for name in (["hq"] if what == "flood" else ["hq", "berlin", "oslo"])))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Kafka.model_validate(msgspec.json.decode(sys.argv[2])), sys.argv[3]))
