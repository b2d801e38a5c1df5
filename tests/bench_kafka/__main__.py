"""`python -m tests.bench_kafka`: progress on stderr, a table, and one JSON object as the last line."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from detector.contract.events import AnyEvent
from tests.bench.figures import bytes_per_entity, checkpoint_bytes
from tests.bench.traffic import traffic
from tests.bench_kafka import figures
from tests.kafka.fleet import Fleet
from tests.kafka.running import Kafka, kafka

EVENTS = 150_000
SINGLE = 20_000
STEADY = 60_000
ENTITIES = 100_000


async def measure(broker: Kafka, database: str, folder: Path) -> dict[str, float]:
    """All figures, one after the other, each on topics and in a database of its own."""
    say(f"making {EVENTS:,} events")
    events = traffic(EVENTS)
    values = figures.arrays(events)
    found: dict[str, float] = {}
    say("one worker")
    one = await fleet(broker, database, folder, "one")
    found["worker"] = await figures.workers(one, values, EVENTS, 1)
    say(f"{found['worker']:,.0f} events/s; a bare consumer of the same topic")
    found["bare_consumer"] = await figures.bare_consumer(one, EVENTS)
    say("two workers")
    found["two_workers"] = await figures.workers(await fleet(broker, database, folder, "two"), values, EVENTS, 2)
    say(f"{found['two_workers']:,.0f} events/s; a plain Faust agent")
    found["plain_faust"] = await figures.plain_faust(await fleet(broker, database, folder, "plain"), events[:SINGLE])
    say(f"{figures.LATENCY_RATE:,} events a second")
    steady = await fleet(broker, database, folder, "steady")
    return found | await delay(steady, events[:STEADY])


async def delay(steady: Fleet, events: Sequence[AnyEvent]) -> dict[str, float]:
    """Percentiles of the time to a decision."""
    waits = await figures.decision_delay(steady, events)
    return {
        "decisions": len(waits), "p50_ms": waits[len(waits) // 2], "p99_ms": waits[int(len(waits) * 0.99)],
        "longest_ms": waits[-1],
    }  # fmt: skip


async def fleet(broker: Kafka, database: str, folder: Path, name: str) -> Fleet:
    """Topics, database and folder of one measurement."""
    engine = create_engine(database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    (folder / name).mkdir()
    url = make_url(database).set(database=name).render_as_string(hide_password=False)
    made = Fleet(broker, name, url, folder / name)
    await made.prepare()
    return made


def main() -> None:
    """Measure everything."""
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-", dir=Path.cwd(), ignore_cleanup_errors=True) as name:
        folder = Path(name)  # /tmp may be memory
        folder.chmod(0o755)
        kept = folder / "postgres"
        kept.mkdir()
        with kafka(1) as broker, figures.postgres(kept) as database:
            found = asyncio.run(measure(broker, database, folder))
    say("checkpoints and memory")
    events = traffic(STEADY)
    report(found, checkpoint_bytes(events), bytes_per_entity(ENTITIES))


def report(found: dict[str, float], checkpoint: float, memory: float) -> None:
    """The table for people, then the line for programs."""
    rows = {
        "bare_consumer": "aiokafka, 100 events a record, decoded",
        "plain_faust": "plain Faust agent, decoded and counted",
        "worker": "worker, durable, all rules on",
        "two_workers": "two workers on the same cores",
    }
    print(f"{'':40}{'events/s':>10}{'of plain Faust':>16}")
    for name, title in rows.items():
        print(f"{title:40}{found[name]:>10,.0f}{found[name] / found['plain_faust']:>16.2f}")
    waits = ", ".join(f"{name} {found[f'{name}_ms']:.0f} ms" for name in ("p50", "p99", "longest"))
    print(f"event to decision at {figures.LATENCY_RATE:,} events/s: {waits} ({found['decisions']:.0f} decisions)")
    print(f"{'checkpoint':40}{checkpoint:>10,.0f} bytes an event")
    print(f"{'memory of an extension or address':40}{memory:>10,.0f} bytes")
    print(json.dumps({
        **{f"{name}_events_per_second": round(found[name]) for name in rows},
        "ratio": round(found["worker"] / found["plain_faust"], 2),
        "two_workers_ratio": round(found["two_workers"] / found["worker"], 2),
        "p99_decision_ms": round(found["p99_ms"], 1),
        "longest_decision_ms": round(found["longest_ms"], 1),
        "decisions": round(found["decisions"]),
        "checkpoint_bytes_per_event": round(checkpoint, 1),
        "bytes_per_entity": round(memory),
    }))  # fmt: skip


def say(what: str) -> None:
    """Progress."""
    print(f"bench: {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
