"""Which webhook bodies were taken already, so that a repeated or replayed one changes nothing."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from streams.runtime.clock import CLOCK


class SeenBodies(Protocol):
    """Remembers digests for a while."""

    async def known(self, digest: bytes) -> bool:
        """Whether it was added and is not yet forgotten."""

    async def add(self, digest: bytes, keep: float) -> None:
        """Remember it for `keep` seconds."""


class SqliteSeen:
    """In a file of its own, so that a restart forgets nothing; `now` in seconds since 1970."""

    def __init__(self, path: Path, now: Callable[[], float] = CLOCK.now) -> None:
        self._now = now
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS seen (digest BLOB PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID"
        )
        self._database.execute("CREATE INDEX IF NOT EXISTS seen_until ON seen (until)")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="seen")  # where others wait for a database, it does not

    async def known(self, digest: bytes) -> bool:
        """Whether it was added and is not yet forgotten."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._known, digest, self._now())

    async def add(self, digest: bytes, keep: float) -> None:
        """Remember it for `keep` seconds, durable when this returns; what has run out is deleted."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._add, digest, self._now(), keep)

    def close(self) -> None:
        """Close the file."""
        self._thread.shutdown()
        self._database.close()

    def _known(self, digest: bytes, now: float) -> bool:
        found = self._database.execute("SELECT 1 FROM seen WHERE digest = ? AND until > ?", (digest, now))
        return found.fetchone() is not None

    def _add(self, digest: bytes, now: float, keep: float) -> None:
        self._database.execute("DELETE FROM seen WHERE until <= ?", (now,))
        self._database.execute("REPLACE INTO seen VALUES (?, ?)", (digest, now + keep))
