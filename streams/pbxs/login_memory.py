"""A login outlives the process: a crash loop neither uses up the PBX's tokens nor its patience."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from streams.store.store_errors import VaultError
from streams.store.vault import Vault


class Remembered(Struct, frozen=True, kw_only=True):
    """What a session leaves behind: tokens with their ends in seconds since 1970, and failures in a row.

    `credentials` names client id and secret by a keyed hash: other ones start with a clean slate.
    """

    credentials: str = ""
    access: str = ""
    refresh: str = ""
    renew_at: float = 0.0
    refresh_until: float = 0.0
    failures: int = 0

    def __repr__(self) -> str:
        """Without the tokens."""
        return "Remembered()"


class LoginMemory(Protocol):
    """Where a session keeps what it must not forget."""

    def load(self, credentials: str) -> Remembered:
        """What was saved for these credentials, or nothing."""

    async def save(self, remembered: Remembered) -> None:
        """Keep it; durable when this returns."""

    def name(self, credentials: str) -> str:
        """A name for credentials that does not tell them."""


class NoMemory:
    """Forgets with the process."""

    def load(self, credentials: str) -> Remembered:
        """Nothing."""
        return Remembered(credentials=credentials)

    async def save(self, remembered: Remembered) -> None:
        """Forget it."""

    def name(self, credentials: str) -> str:
        """None needed."""
        return ""


class SealedMemory:
    """Sealed by the installation's key for `context`: what was `sealed` before, and where `write` puts what comes."""

    def __init__(
        self, vault: Vault, context: str, sealed: bytes | None, write: Callable[[bytes], Awaitable[None]]
    ) -> None:
        self._vault = vault
        self._context = context
        self._sealed = sealed
        self._write = write

    def load(self, credentials: str) -> Remembered:
        """What was saved for these credentials; what cannot be opened is as nothing."""
        nothing = Remembered(credentials=credentials)
        if self._sealed is None:
            return nothing
        try:
            found = msgspec.json.decode(self._vault.decrypt(self._sealed, self._context), type=Remembered)
        except (VaultError, msgspec.MsgspecError):
            return nothing
        return found if found.credentials == credentials else nothing

    async def save(self, remembered: Remembered) -> None:
        """Seal and write it."""
        await self._write(self._vault.encrypt(msgspec.json.encode(remembered), self._context))

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
