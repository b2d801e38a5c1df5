"""Backups of the PBX's configuration: started, then finished a few seconds later."""

from dataclasses import dataclass

from streams.sim.sim_clock import SimClock

_SECONDS = 3.0


@dataclass(frozen=True)
class SimBackup:
    """One backup file; `done_at` is in epoch seconds."""

    id: int
    file_name: str
    created_at: float
    done_at: float


class Backups:
    """Every backup made, oldest first."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self.made: list[SimBackup] = []

    def create(self, file_name: str, days_ago: float = 0) -> SimBackup:
        """Start a backup; an empty name gives one made from the time."""
        now = self._clock.now() - days_ago * 86_400
        number = len(self.made) + 1
        name = file_name or f"backup-{self._clock.local(now):%Y%m%d%H%M%S}-{number}.bak"
        backup = SimBackup(number, name, now, now + self._clock.real(_SECONDS))
        self.made.append(backup)
        return backup

    def status(self, backup: SimBackup) -> str:
        """`running` until it is finished, then `success`."""
        return "success" if self._clock.now() >= backup.done_at else "running"

    def shown(self, backup: SimBackup) -> dict[str, object]:
        """As the API lists it."""
        return {
            "id": backup.id,
            "file_name": backup.file_name,
            "create_time": self._clock.display(backup.created_at),
            "status": self.status(backup),
        }
