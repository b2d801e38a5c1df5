"""What the console needs from the process it runs in."""

from typing import Protocol

from msgspec import Struct

from streams.runtime.ingest import SourceStatus
from streams.runtime.list_status import ListStatus


class Commands(Protocol):
    """What a person orders. False: it came too late, and nothing was changed."""

    async def approve(self, action_id: str, by: str) -> bool:
        """Carry out a requested action."""

    async def refuse(self, action_id: str, by: str, why: str) -> bool:
        """Never carry out a requested action."""

    async def undo(self, action_id: str, by: str, note: str) -> bool:
        """Take back what was done, before its time."""

    async def acknowledge(self, incident_id: str, by: str) -> bool:
        """Somebody looks after this incident: nobody has to be told again what they know."""

    async def close_incident(self, incident_id: str, by: str, note: str) -> bool:
        """Nothing more is to be expected of this incident."""


class ProcessStatus(Struct, frozen=True, kw_only=True):
    """How the process is; counts since its start, `checkpoint_age` in seconds, None is unknown; `problems` in words."""

    sources: tuple[SourceStatus, ...] = ()
    events: int = 0
    findings: int | None = 0
    dead_letters: int = 0
    detector_errors: int | None = 0
    checkpoint_age: float | None = None
    calls_up: int | None = None
    problems: tuple[str, ...] = ()
    lists: tuple[ListStatus, ...] = ()
