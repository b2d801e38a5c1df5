"""`python -m tests.bench`: progress on stderr, a table, and one JSON object as the last line."""

import json
import sys
import tempfile
from pathlib import Path

import msgspec

from tests.bench import copied_sip, figures
from tests.bench.contained import Containment, contained
from tests.bench.traffic import log_lines, traffic

EVENTS = 40_000
LINES = 40_000
PACKETS = 40_000
EMBEDDED_EVENTS = 20_000
ENTITIES = 100_000
ROUNDS = 5


def main() -> None:
    """Measure everything, one thing after the other."""
    say(f"making {EVENTS:,} events")
    events = traffic(EVENTS)
    values = [msgspec.json.encode(batch) for batch in figures.batches(events, figures.ON_THE_WIRE)]
    say(f"decoding and detecting, {ROUNDS} rounds")
    rates = figures.rates({
        "decode": lambda: figures.decode(values),
        "engine": lambda: figures.detect(events),
        "engine_from_bytes": lambda: figures.detect_from_bytes(values),
    }, EVENTS, ROUNDS)  # fmt: skip
    say(f"reading {LINES:,} lines of a log, {ROUNDS} rounds")
    lines = log_lines(LINES)
    logs = figures.rates({
        "read_plainly": lambda: figures.read_plainly(lines), "convert": lambda: figures.convert(lines),
    }, LINES, ROUNDS)  # fmt: skip
    say(f"reading {PACKETS:,} packets of SIP from a socket, {ROUNDS} rounds")
    sip = copied_sip.packets(PACKETS)
    copies = figures.rates({
        "read_alone": lambda: copied_sip.read_alone(sip), "read_into_events": lambda: copied_sip.read_into_events(sip),
        "decode_only": lambda: copied_sip.decode_only(sip),
    }, PACKETS, ROUNDS)  # fmt: skip
    say("scoring and learning")
    models = figures.models(events, ROUNDS)
    say(f"the embedded runtime, {EMBEDDED_EVENTS:,} events")
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-", dir=Path.cwd()) as folder:  # /tmp may be memory
        rates["embedded"] = figures.embedded(events[:EMBEDDED_EVENTS], Path(folder))
    say("thefts, contained on the simulated PBX")
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-", dir=Path.cwd()) as folder:
        containment = contained(Path(folder))
    say("checkpoints")
    checkpoint = figures.checkpoint_bytes(events)
    say(f"memory of {ENTITIES:,} entities")
    report(rates, logs, copies, figures.memory(ENTITIES), checkpoint, models, containment)


def report(
    rates: dict[str, float], logs: dict[str, float], copies: dict[str, float], memory: figures.Memory,
    checkpoint: float, models: tuple[float, float], containment: Containment,
) -> None:  # fmt: skip
    """The table for people, then the line for programs."""
    rows = {
        "decode": "a loop that only decodes the events",
        "engine": "engine, decoded events",
        "engine_from_bytes": "engine, from bytes",
        "embedded": "embedded, durable, 20 events a commit",
    }
    print(f"{'':40}{'events/s':>10}{'of decoding':>13}")
    for name, title in rows.items():
        print(f"{title:40}{rates[name]:>10,.0f}{rates[name] / rates['decode']:>13.4f}")
    slower = logs["convert"] / logs["read_plainly"]
    print(f"{'convert, lines of a log':40}{logs['convert']:>10,.0f}{slower:>13.4f} of reading them")
    of_socket = copies["read_into_events"] / copies["read_alone"]
    print(f"{'HEP, packets into events':40}{copies['decode_only']:>10,.0f}")
    print(f"{'HEP, from a socket':40}{copies['read_into_events']:>10,.0f}{of_socket:>13.4f} of reading it alone")
    print(f"{'memory of an extension or address':40}{memory.bytes_per_entity:>10,.0f} bytes")
    print(f"{'checkpoint':40}{checkpoint:>10,.0f} bytes an event")
    print(f"{'models, to score and learn a call':40}{models[0]:>10,.1f} us, {models[1]:.1f} us an event")
    p50, p95, thefts = containment.p50_ms, containment.p95_ms, containment.thefts
    print(f"{'containment confirmed, 20 ms a request':40}{p50:>10,.0f} ms, p95 {p95:,.0f} ms, of {thefts} thefts")
    print(json.dumps({
        **{f"{name}_events_per_second": round(rate) for name, rate in rates.items()},
        "engine_ratio": round(rates["engine"] / rates["decode"], 4),
        "embedded_ratio": round(rates["embedded"] / rates["decode"], 4),
        "convert_lines_per_second": round(logs["convert"]),
        "convert_ratio": round(slower, 4),
        "hep_packets_per_second": round(copies["decode_only"]),
        "hep_ratio": round(of_socket, 4),
        "models_us_per_call": round(models[0], 1),
        "models_us_per_event": round(models[1], 2),
        "bytes_per_entity": round(memory.bytes_per_entity),
        "checkpoint_bytes_per_event": round(checkpoint, 1),
        "containment_p50_ms": round(containment.p50_ms),
        "containment_p95_ms": round(containment.p95_ms),
    }))  # fmt: skip


def say(what: str) -> None:
    """Progress."""
    print(f"bench: {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
