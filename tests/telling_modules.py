"""A command in a process of its own, and what that process has imported at any moment while it works."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class Telling:
    """A running command that can be asked for its modules."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def imported(self, *names: str) -> set[str]:
        """Which of these modules and packages it has."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"?")
        self._process.stdin.flush()
        modules = self._process.stdout.readline().decode().split()
        assert "streams.cli.main" in modules, "it has ended"
        return set(names) & set(modules)


@contextmanager
def telling(said: Path, *arguments: str | Path, env: Mapping[str, str]) -> Iterator[Telling]:
    """`ringfence ARGUMENTS`, started afresh; it does not outlive the test."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RINGFENCE")} | dict(env)
    with said.open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.telling_modules", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=err, env=environment, cwd=Path(__file__).parents[1],
        )  # fmt: skip
    with process:
        try:
            yield Telling(process)
        finally:
            process.kill()


def answer() -> None:
    """For each byte that is read, a line with the names of all modules; not by `sys`'s files, which the end locks."""
    while os.read(0, 1):
        os.write(1, " ".join(sorted(sys.modules)).encode() + b"\n")


if __name__ == "__main__":
    threading.Thread(target=answer, daemon=True).start()
    from streams.cli.main import app

    app()
