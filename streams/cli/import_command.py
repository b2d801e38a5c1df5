"""Imports recorded history: baselines learn from it, nothing of it is told, decided or done."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from detector.contract.events import AnyEvent, Control, Unknown
from streams.processes.run import Service
from streams.runtime.clock import utc_now

RECENT = timedelta(hours=1)
BATCH = 500


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
