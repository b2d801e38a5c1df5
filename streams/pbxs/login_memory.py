"""Where a login outlives its process: sealed, in a file or wherever the writer puts it."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from streams.store.store_errors import VaultError
from streams.store.vault import Vault


class SealedMemory:
    """Sealed by the installation's key for `context`: what was `sealed` before, and where `write` puts what comes."""

    def __init__(
        self, vault: Vault, context: str, sealed: bytes | None, write: Callable[[bytes], Awaitable[None]]
    ) -> None:
        self._vault = vault
        self._context = context
        self._sealed = sealed
        self._write = write

    def load(self) -> bytes | None:
        """What was saved last; what cannot be opened is as nothing."""
        if self._sealed is None:
            return None
        try:
            return self._vault.decrypt(self._sealed, self._context)
        except VaultError:
            return None

    async def save(self, kept: bytes) -> None:
        """Seal and write it."""
        await self._write(self._vault.encrypt(kept, self._context))

    def name(self, credentials: str) -> str:
        """Their keyed hash."""
        return self._vault.keyed_hash("pbx login", credentials)


def in_file(file: Path, vault: Vault) -> SealedMemory:
    """A memory in one file, replaced as a whole."""
    try:
        sealed = file.read_bytes()
    except OSError:
        sealed = None

    async def write(sealed: bytes) -> None:
        await asyncio.to_thread(replace, file, sealed)

    return SealedMemory(vault, file.name, sealed, write)


def replace(file: Path, content: bytes) -> None:
    """Write beside the file, then put it in its place."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = file.with_name(file.name + ".new")
    with open(beside, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)
