"""`python -m tests.bench_kafka`: progress on stderr, a table, and one JSON object as the last line."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from tests.bench.figures import Memory, checkpoint_bytes, memory
from tests.bench.traffic import traffic
from tests.bench_kafka import figures
from tests.bench_kafka.pauses import program
from tests.kafka.fleet import Fleet, Program
from tests.kafka.running import Kafka, kafka
from tests.postgres import postgres

EVENTS = 150_000
SINGLE = 20_000
STEADY = 120_000
ENTITIES = 1_000_000


async def measure(broker: Kafka, database: str, folder: Path) -> dict[str, float]:
    """All figures, each on topics and in a database of its own; the plain agent warms the broker."""
    say(f"making {EVENTS:,} events")
    events = traffic(EVENTS)
    values = figures.arrays(events)
    found: dict[str, float] = {}
    say("a plain Faust agent")
    found["plain_faust"] = await figures.plain_faust(await fleet(broker, database, folder, "plain"), events[:SINGLE])
    say(f"{found['plain_faust']:,.0f} events/s; one worker")
    one = await fleet(broker, database, folder, "one")
    found["worker"] = await figures.workers(one, values, EVENTS, 1)
    say(f"{found['worker']:,.0f} events/s; a bare consumer of the same topic")
    found["bare_consumer"] = await figures.bare_consumer(one, EVENTS)
    say(f"{found['bare_consumer']:,.0f} events/s; two workers")
    found["two_workers"] = await figures.workers(await fleet(broker, database, folder, "two"), values, EVENTS, 2)
    say(f"{found['two_workers']:,.0f} events/s; {STEADY:,} events at {figures.LATENCY_RATE:,} events/s")
    watched = await fleet(broker, database, folder, "steady", program)
    delays, pause = await figures.steady(watched, events[:STEADY])
    return found | {
        "decisions": len(delays), "p50_ms": delays[len(delays) // 2], "p99_ms": delays[int(len(delays) * 0.99)],
        "longest_ms": delays[-1], "pause_ms": pause,
    }  # fmt: skip


async def fleet(broker: Kafka, database: str, folder: Path, name: str, program: Program | None = None) -> Fleet:
    """Topics, database and folder of one measurement."""
    engine = create_engine(database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    (folder / name).mkdir()
    url = make_url(database).set(database=name).render_as_string(hide_password=False)
    made = Fleet(broker, name, url, folder / name, program)
    await made.prepare()
    return made


def main() -> None:
    """Measure everything."""
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-", dir=Path.cwd(), ignore_cleanup_errors=True) as name:
        folder = Path(name)  # /tmp may be memory
        folder.chmod(0o755)
        kept = folder / "postgres"
        kept.mkdir()
        with kafka(1) as broker, postgres(kept, "shared_buffers=128MB", "max_wal_size=4GB") as database:
            found = asyncio.run(measure(broker, database, folder))
    say(f"bytes of checkpoints, and memory of {ENTITIES:,} entities")
    report(found, checkpoint_bytes(traffic(STEADY)), memory(ENTITIES))


def report(found: dict[str, float], checkpoint: float, kept: Memory) -> None:
    """The table for people, then the line for programs."""
    rows = {
        "bare_consumer": "aiokafka, 100 events a record, decoded",
        "plain_faust": "plain Faust agent, decoded and counted",
        "worker": "worker, durable, all rules on",
        "two_workers": "two workers on the same cores",
    }
    print(f"{'':40}{'events/s':>10}{'of plain Faust':>16}{'of bare aiokafka':>18}")
    for name, title in rows.items():
        of_plain, of_bare = found[name] / found["plain_faust"], found[name] / found["bare_consumer"]
        print(f"{title:40}{found[name]:>10,.0f}{of_plain:>16.2f}{of_bare:>18.4f}")
    waits = ", ".join(f"{name} {found[f'{name}_ms']:.0f} ms" for name in ("p50", "p99", "longest"))
    print(f"event to decision at {figures.LATENCY_RATE:,} events/s: {waits} ({found['decisions']:.0f} decisions)")
    print(f"longest pause, by which the worker's event loop came late for what was due: {found['pause_ms']:.0f} ms")
    print(f"{'checkpoint':40}{checkpoint:>10,.0f} bytes an event")
    print(f"{f'memory of each of {ENTITIES:,} entities':40}{kept.bytes_per_entity:>10,.0f} bytes")
    print(f"{'a full garbage collection among them':40}{kept.collection_ms:>10,.0f} ms")
    print(json.dumps({
        **{f"{name}_events_per_second": round(found[name]) for name in rows},
        "ratio": round(found["worker"] / found["plain_faust"], 2),
        "two_workers_ratio": round(found["two_workers"] / found["worker"], 2),
        "p99_decision_ms": round(found["p99_ms"], 1),
        "longest_decision_ms": round(found["longest_ms"], 1),
        "decisions": round(found["decisions"]),
        "longest_pause_ms": round(found["pause_ms"], 1),
        "checkpoint_bytes_per_event": round(checkpoint, 1),
        "entities": ENTITIES,
        "bytes_per_entity": round(kept.bytes_per_entity),
        "collection_ms": round(kept.collection_ms, 1),
    }))  # fmt: skip


def say(what: str) -> None:
    """Progress."""
    print(f"bench: {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
