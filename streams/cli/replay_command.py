"""Detect in recorded events; nothing is touched."""

import time
from collections.abc import Iterable

import msgspec
import typer

from detector.contract.codec import encode_finding
from detector.contract.events import AnyEvent, Unknown
from detector.contract.findings import Stats
from detector.engine.engine import Engine
from models.places import Places
from models.unusual import Unusual
from streams.cli.support.choices import loaded, options_of, reading, verify
from streams.cli.support.common_options import ConfigFile, DeadLetters, Files, FormatName, Out, PbxName, Timezone, Year
from streams.cli.support.failures import FAILED, err
from streams.cli.support.inputs import Inputs
from streams.cli.support.outputs import Lines
from streams.config.installation import core_settings
from streams.runtime.tables import tables

EPILOG = """\b
Examples:
  ringfence replay events.jsonl -c ringfence.yaml -o findings.jsonl
  ringfence replay -f asterisk-log --pbx hq --timezone Europe/Berlin messages.1.gz messages
  zcat cdr.csv.gz | ringfence replay -f yeastar-cdr --pbx hq -
  journalctl -o json -u asterisk | ringfence replay -f asterisk-log --pbx hq -
What each format reads, and what it lacks: docs/formats.md
"""


def command(
    files: Files,
    config_file: ConfigFile = None,
    format_name: FormatName = "events",
    out: Out = None,
    pbx: PbxName = None,
    timezone: Timezone = None,
    year: Year = None,
    dead_letters: DeadLetters = None,
) -> None:
    """Run recorded events through the whole pipeline; nothing outside is touched.

    Findings come out as JSON lines: detections, incidents, decisions; the last line holds statistics. The same files
    under the same configuration give the same findings, byte for byte.
    """
    settings = loaded(config_file)
    options = options_of(settings, format_name, pbx, timezone, year)
    for one in settings.block_lists:
        if one.url is not None:
            err.print(f"block list {one.name} is fetched by the service that runs: left out here")
    engine = Engine(core_settings(settings), tables(settings), Places(), Unusual())
    with reading(files, options, out, dead_letters) as (inputs, lines):
        stats = replay(engine, inputs.events(files), inputs, lines)
    for rule, count in sorted(engine.errors.items()):
        err.print(f"rule {rule} broke {count} times: please report this")
    if out is not None:
        err.print(
            f"{stats.read} events, {stats.rejected} unreadable, {stats.events_per_second:.0f} events/s: see {out}"
        )
    if engine.errors:
        raise typer.Exit(FAILED)
    verify(inputs, stats.read - stats.rejected, options)


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
