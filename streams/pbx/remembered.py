"""A login outlives the process: a crash loop neither uses up the PBX's tokens nor its patience."""

import os
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from streams.store.errors import VaultError
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

    def save(self, remembered: Remembered) -> None:
        """Keep it; durable when this returns."""

    def name(self, credentials: str) -> str:
        """A name for credentials that does not tell them."""


class NoMemory:
    """Forgets with the process."""

    def load(self, credentials: str) -> Remembered:
        """Nothing."""
        return Remembered(credentials=credentials)

    def save(self, remembered: Remembered) -> None:
        """Forget it."""

    def name(self, credentials: str) -> str:
        """None needed."""
        return ""


class SealedMemory:
    """One file, sealed by the installation's key and replaced as a whole."""

    def __init__(self, file: Path, vault: Vault) -> None:
        self._file = file
        self._vault = vault

    def load(self, credentials: str) -> Remembered:
        """What was saved for these credentials; a file that cannot be opened is as none."""
        try:
            plain = self._vault.decrypt(self._file.read_bytes(), self._file.name)
            found = msgspec.json.decode(plain, type=Remembered)
        except (OSError, VaultError, msgspec.MsgspecError):
            return Remembered(credentials=credentials)
        return found if found.credentials == credentials else Remembered(credentials=credentials)

    def save(self, remembered: Remembered) -> None:
        """Write beside the file, then put it in its place."""
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        sealed = self._vault.encrypt(msgspec.json.encode(remembered), self._file.name)
        beside = self._file.with_name(self._file.name + ".new")
        with open(beside, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._file)

    def name(self, credentials: str) -> str:
        """Their keyed hash."""
        return self._vault.keyed_hash("pbx login", credentials)
