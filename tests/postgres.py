"""A private PostgreSQL, started and stopped by the project's own scripts."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "deploy" / "postgres"


@contextmanager
def postgres(folder: Path, *settings: str) -> Iterator[str]:
    """The URL of a server in this folder, with settings `name=value`. Raises RuntimeError with what went wrong."""
    options = [part for setting in settings for part in ("--set", setting)]
    done = subprocess.run([SCRIPTS / "start", "--dir", folder, *options], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2_000:])
    try:
        yield done.stdout.splitlines()[-1].replace("postgresql:", "postgresql+psycopg:")
    finally:
        subprocess.run([SCRIPTS / "stop", "--dir", folder], check=True)
