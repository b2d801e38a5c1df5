"""The PBX's clock: its own time, shown in local display format, and script time that can run faster."""

import asyncio
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from streams.sim.options import SimOptions

_DATES = {
    "YYYY/MM/DD": "%Y/%m/%d",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD/MM/YYYY": "%d/%m/%Y",
    "YYYY-MM-DD": "%Y-%m-%d",
}


class SimClock:
    """Tells the time in epoch seconds and in the PBX's display format (local time, no zone)."""

    def __init__(self, options: SimOptions) -> None:
        self.zone = ZoneInfo(options.timezone)
        self.speed = options.speed
        self._ahead = 0.0 if options.starts_at is None else options.starts_at.timestamp() - time.time()
        time_format = "%I:%M:%S %p" if options.twelve_hour else "%H:%M:%S"
        self._format = f"{_DATES[options.date_format]} {time_format}"
        self.time_format_name = "hh:mm:ss AM" if options.twelve_hour else "hh:mm:ss"

    def now(self) -> float:
        """Epoch seconds."""
        return time.time() + self._ahead

    def local(self, at: float) -> datetime:
        """The PBX's local time at `at` (epoch seconds)."""
        return datetime.fromtimestamp(at, self.zone)

    def display(self, at: float) -> str:
        """`at` (epoch seconds) as the PBX shows it."""
        return self.local(at).strftime(self._format)

    def display_utc(self, at: float) -> str:
        """`at` (epoch seconds) in display format, but not in local time."""
        return datetime.fromtimestamp(at, UTC).strftime(self._format)

    def parse(self, text: str) -> float:
        """Epoch seconds of a local display-format time; `ValueError` for any other text."""
        return datetime.strptime(text, self._format).replace(tzinfo=self.zone).timestamp()

    def real(self, script_seconds: float) -> float:
        """How long `script_seconds` really take."""
        return script_seconds / self.speed

    async def wait(self, script_seconds: float) -> None:
        """Let `script_seconds` of a script go by."""
        await asyncio.sleep(self.real(script_seconds))
