"""Replay: recorded events through the whole pipeline, nothing outside touched."""

import time
from collections.abc import Iterable

import msgspec

from detector.contract.codec import encode_finding
from detector.contract.events import AnyEvent, Unknown
from detector.contract.findings import Stats
from detector.engine.engine import Engine
from streams.cli.support.inputs import Inputs
from streams.cli.support.outputs import Lines


def replay(engine: Engine, events: Iterable[AnyEvent | Unknown], inputs: Inputs, out: Lines) -> Stats:
    """Write every finding as a JSON line, and the statistics as the last; returns the statistics.

    `read` counts what was rejected too; `unknown` how often a kind, a field or an enum value came that schema 1 does
    not know, `ahead` how many events had a time that lay ahead of when they came and was set back, `unread` how many
    lines bear the marks of the format and were not understood.
    """
    started = time.perf_counter()
    for event in events:
        for finding in engine.process(event):
            out.write(encode_finding(finding) + b"\n")
    wall = time.perf_counter() - started
    counts = engine.counts
    stats = Stats(
        read=counts["read"] + inputs.rejected, late=counts["late"], duplicate=counts["duplicate"],
        rejected=inputs.rejected, wall_seconds=round(wall, 3), unknown=inputs.unknown, ahead=counts["ahead"],
        unread=inputs.unread.total,
        events_per_second=round(counts["read"] / wall, 1) if wall else 0.0,
    )  # fmt: skip
    out.write(msgspec.json.encode(stats) + b"\n")
    return stats
