"""Teach the service what was usual before it came."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from detector.contract.events import AnyEvent, Control, Unknown
from streams.cli.support.choices import loaded, options_of, reading, verify
from streams.cli.support.common_options import DeadLetters, Files, FormatName, NeededConfig, PbxName, Timezone, Year
from streams.cli.support.failures import err
from streams.cli.support.services import guarded
from streams.processes.run import Service
from streams.runtime.clock import utc_now

EPILOG = """\b
Example, before the service is started for the first time:
  ringfence import -c ringfence.yaml -f yeastar-cdr --pbx hq last-year.csv
"""
RECENT = timedelta(hours=1)
BATCH = 500


def command(
    files: Files,
    config_file: NeededConfig,
    format_name: FormatName = "events",
    pbx: PbxName = None,
    timezone: Timezone = None,
    year: Year = None,
    dead_letters: DeadLetters = None,
) -> None:
    """Teach a stopped service what was usual before it came: old calls and registrations warm its baselines.

    Nothing of it is told, decided or done. Records of the last hour are left out.
    """
    settings = loaded(config_file, secrets=None)
    options = options_of(settings, format_name, pbx, timezone, year)
    with guarded(settings.data), reading(files, options, None, dead_letters) as (inputs, _):
        imported = asyncio.run(import_history(Service(settings), inputs.events(files)))
    err.print(f"{imported.events} events imported, {imported.recent} of the last hour left out")
    verify(inputs, imported.events + imported.recent, options)


class Imported(Struct):
    """How many events went in, and how many of the last hour were left to the live service."""

    events: int = 0
    recent: int = 0


async def import_history(service: Service, events: Iterable[AnyEvent | Unknown]) -> Imported:
    """Apply old events to the memory of a service that is not running (decision 13).

    What is less than an hour old is left out: it would count as live.
    """
    counted = Imported()
    try:
        await service.runtime.recover()
        await service.runtime.learn([service.settings_event()])
        old = history(events, counted)
        while batch := list(islice(old, BATCH)):
            await service.runtime.learn(batch)
            counted.events += len(batch)
    finally:
        await service.close()
    return counted


def history(events: Iterable[AnyEvent | Unknown], counted: Imported) -> Iterator[AnyEvent | Unknown]:
    """What is old enough, received now."""
    now = utc_now()
    for event in events:
        if now - event.at <= RECENT:
            counted.recent += 1
        elif not isinstance(event, Control):
            yield replace(event, received_at=now)
