"""After a time in which an Asterisk was not heard: what ended meanwhile, as far as a file has it, and what is lost."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from detector.formats.asterisk.asterisk_ami import AsteriskAmi
from streams.asterisk.missed_calls import MissedCalls, missed_calls
from streams.runtime.ingest import Delivery

SHORTEST = timedelta(seconds=1)
OVERLAP = timedelta(minutes=2)
"""What was sent may not have been taken; the same record has the same id."""
NO_FILE = (
    "of calls that began and ended then, and of refused requests, nothing is known; "
    "such calls are found with `call_records` in the settings"
)
REFUSALS = "of refused requests nothing is known"

log = structlog.get_logger()


class AmiGap:
    """Fills gaps of one PBX from `records`, its Master.csv, if that can be read from here."""

    def __init__(self, reader: AsteriskAmi, delivery: Delivery, records: Path | None) -> None:
        self._reader = reader
        self._delivery = delivery
        self._records = records

    async def fill(self, since: datetime | None, until: datetime) -> None:
        """Hand over what ended between these moments; says what is lost. None: it was never heard."""
        if since is None:
            return
        found = await self._found(since, until)
        if until - since < SHORTEST:
            return
        status = self._delivery.status
        status.gap = f"not heard from {since:%Y-%m-%d %H:%M:%S} to {until:%Y-%m-%d %H:%M:%S} UTC: {found}"
        log.warning("not heard for a while", source=status.name, pbx=status.pbx, lost=status.gap)

    async def _found(self, since: datetime, until: datetime) -> str:
        if self._records is None:
            return NO_FILE
        try:
            missed = await asyncio.to_thread(missed_calls, self._records, self._reader.options, since - OVERLAP, until)
        except OSError as error:
            return f"{self._records.name} cannot be read ({type(error).__name__}); {NO_FILE.partition(';')[0]}"
        await self._delivery.hand_over(missed.calls)
        self._reader.forget(missed.calls)
        return f"{_said(missed, since, self._records.name)}; {REFUSALS}"


def _said(missed: MissedCalls, since: datetime, name: str) -> str:
    """How much of it the file has."""
    told = f"calls that ended then stand in {name}"
    if missed.first is None or missed.first > since:
        first = f" begins only at {missed.first:%Y-%m-%d %H:%M:%S} UTC" if missed.first is not None else " has none"
        told = f"calls that ended then were looked for in {name}, which{first}"
    return told + (f"; {missed.broken} records there cannot be read" if missed.broken else "")
