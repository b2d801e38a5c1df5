"""A disk of 64 MiB for one process: a file system of its own in a namespace, or a limit on its files where none may be.

The limit is coarser: it stops each file from growing, not all together.
"""

import contextlib
import resource
import shutil
import subprocess
import sys
from pathlib import Path

from tests.system.programs import Installation, Program

SIZE = "64m"
CHUNK = b"\0" * 65_536
ALL = resource.RLIM_INFINITY


def may_mount() -> bool:
    """Whether this machine lets a test mount a file system in a namespace of its own."""
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]
    with contextlib.suppress(FileNotFoundError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False


class SmallDisk:
    """Where a service keeps its data; what it holds is seen through the process that has it."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._inside = installation.data
        self._mounted = may_mount()
        print("a file system of its own" if self._mounted else "no file system may be mounted: a limit on each file")

    @property
    def wrapped(self) -> list[str]:
        """What a program is started by to have it."""
        if not self._mounted:
            return []
        self._inside.mkdir(exist_ok=True)
        script = f'mount -t tmpfs -o size={SIZE} tmpfs "{self._inside}" && exec "$@"'
        return ["unshare", "-rm", "sh", "-c", script, "sh"]

    def belongs_to(self, program: Program) -> None:
        """Look at the files of this process."""
        self._program = program
        if self._mounted:
            seen = Path("/proc") / str(program.process.pid) / "root"
            self._installation.data = seen / self._inside.relative_to("/")
            self._installation.seen_at = self._copied

    def run_inside(self, code: str) -> None:
        """Run Python where the files of the process are."""
        enter = ["nsenter", "-t", str(self._program.process.pid), "-U", "-m"] if self._mounted else []
        subprocess.run([*enter, sys.executable, "-c", code, str(self._inside)], check=True)

    def _copied(self, path: Path) -> Path:
        """A copy of a database: SQLite would look for the file itself among those of this process."""
        copies = self._inside.parent / "copies"
        copies.mkdir(exist_ok=True)
        for suffix in ("-wal", ""):
            (copies / f"{path.name}{suffix}").unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(f"{path}{suffix}", copies / f"{path.name}{suffix}")
        return copies / path.name

    def fill(self) -> None:
        """To the last byte."""
        if not self._mounted:
            room = max(file.stat().st_size for file in self._inside.iterdir() if file.is_file())
            resource.prlimit(self._program.process.pid, resource.RLIMIT_FSIZE, (room, ALL))
            return
        with self._filler.open("wb", buffering=0) as file:
            for size in (len(CHUNK), 512, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(CHUNK[:size])

    def make_room(self) -> None:
        """As an administrator does."""
        if self._mounted:
            self._filler.unlink()
        else:
            resource.prlimit(self._program.process.pid, resource.RLIMIT_FSIZE, (ALL, ALL))

    @property
    def _filler(self) -> Path:
        return self._installation.data / "filler"
