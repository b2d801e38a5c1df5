"""Keeps the last snapshot of each PBX, without secrets, in the data folder: readable for us alone."""

import os
from pathlib import Path
from secrets import token_hex

import msgspec

from detector.audit.changes import Snapshot


class Snapshots:
    """One file a PBX in `FOLDER/audit`; what cannot be read there is as if there was none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "audit"

    def last(self, pbx: str) -> Snapshot | None:
        """The snapshot of the last audit."""
        try:
            return msgspec.json.decode(self._file(pbx).read_bytes(), type=Snapshot)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def keep(self, pbx: str, snapshot: Snapshot) -> None:
        """Put this one in its place, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self._file(pbx), msgspec.json.encode(snapshot))

    def _file(self, pbx: str) -> Path:
        return self._folder / f"{pbx}.json"


def write_private(path: Path, content: bytes) -> None:
    """A file that only we may read, written whole or not at all."""
    fresh = path.with_name(f".{path.name}.{token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
