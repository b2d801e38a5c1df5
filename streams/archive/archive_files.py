"""The files of an archive through fsspec: written whole or not at all, listed, read, removed."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Concatenate, ParamSpec, TypeVar, cast

import fsspec  # type: ignore[import-untyped]  # it ships no types
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]  # it ships no types

from streams.archive.archive_errors import ArchiveError
from streams.runtime.clock import utc_now

UNFINISHED = ".tmp"
OWN = 0o700

P = ParamSpec("P")
T = TypeVar("T")


def mapped(work: "Callable[Concatenate[Files, P], T]") -> "Callable[Concatenate[Files, P], T]":
    """With `ArchiveError` for whatever the store raises; one thread at a time, since some have one connection."""

    @wraps(work)
    def call(files: "Files", /, *args: P.args, **rest: P.kwargs) -> T:
        with files.busy:
            used = files.connected
            try:
                return tried(work, files, *args, **rest)
            except ArchiveError:
                if not used:
                    raise
            return tried(work, files, *args, **rest)  # a connection that was left idle is closed by many servers

    return call


def tried(work: "Callable[Concatenate[Files, P], T]", files: "Files", *args: P.args, **rest: P.kwargs) -> T:
    """Over the connection there is, or a new one; one that fails is not used again."""
    try:
        files.connect()
        return work(files, *args, **rest)
    except (FileNotFoundError, FileExistsError):
        raise
    except Exception as error:
        files.connected = False
        raise ArchiveError(f"archive {files.url}: {said(error)}") from error


def said(error: Exception) -> str:
    """What an error says, in one bounded line."""
    text = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return text.partition("\n")[0][:400]


class Files:
    """Paths are relative to the archive. Raises `ArchiveError` when the store cannot be used.

    It is connected to when it is used: a service starts while its archive is away.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.busy = Lock()
        self.connected = False
        self._store: Any = None
        self._root = ""
        try:
            kind = fsspec.get_filesystem_class(url.partition("://")[0] if "://" in url else "file")
        except (ImportError, ValueError) as error:
            raise ArchiveError(f"archive {url}: {said(error)}") from error
        self._local = issubclass(kind, LocalFileSystem)

    def connect(self) -> None:
        """Reach the store, unless that is done."""
        if not self.connected:
            self._store, self._root = fsspec.core.url_to_fs(self.url, skip_instance_cache=True)
            self.connected = True

    @mapped
    def folders(self, folder: str = "") -> list[str]:
        """The names of the folders in a folder, sorted; none if it does not exist."""
        return sorted(name for name, kind, _ in self._listed(folder) if kind == "directory")

    @mapped
    def names(self, folder: str) -> list[str]:
        """The names of the files in a folder, sorted, unfinished ones included."""
        return sorted(name for name, kind, _ in self._listed(folder) if kind == "file")

    @mapped
    def sizes(self, folder: str) -> dict[str, int]:
        """The bytes of each file in a folder."""
        return {name: size for name, kind, size in self._listed(folder) if kind == "file"}

    @mapped
    def read(self, path: str) -> bytes:
        """A whole file. Raises FileNotFoundError."""
        return bytes(self._store.cat_file(self._at(path)))

    @mapped
    def write(self, path: str, content: bytes) -> None:
        """A file that is there whole or not at all, and on a disk to stay."""
        folder, _, name = path.rpartition("/")
        unfinished = f"{path.removesuffix(name)}.{name}{UNFINISHED}"
        self._ready(folder)
        try:
            with self._opened(unfinished, "wb") as file:
                file.write(content)
                if self._local:
                    file.flush()
                    os.fsync(file.fileno())
            self._rename(unfinished, path)
        except Exception:
            with suppress(Exception):  # a store that is full must not be filled with what was not finished
                self._store.rm_file(self._at(unfinished))
            raise

    @mapped
    def create(self, path: str, content: bytes) -> None:
        """A file that nobody else has made. Raises FileExistsError."""
        self._ready("")
        if self._store.exists(self._at(path)):  # not every store knows exclusive creation
            raise FileExistsError(path)
        with self._opened(path, "xb") as file:
            file.write(content)

    @mapped
    def modified(self, path: str) -> datetime:
        """When a file was last written, by the store's clock; now, where it does not tell. Raises FileNotFoundError."""
        try:
            moment = cast(datetime, self._store.modified(self._at(path)))
        except NotImplementedError:
            return utc_now()
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

    @mapped
    def remove(self, path: str) -> None:
        """Remove a file; one that is gone is none."""
        if self._store.exists(self._at(path)):
            self._store.rm_file(self._at(path))

    @mapped
    def remove_empty(self, folder: str) -> None:
        """Remove a folder with nothing in it; stores of objects have none."""
        if self._store.isdir(self._at(folder)) and not self._store.ls(self._at(folder), detail=False):
            self._store.rmdir(self._at(folder))

    def _rename(self, old: str, new: str) -> None:
        if not self._local:
            self._store.mv(self._at(old), self._at(new))
            return
        Path(self._at(old)).replace(self._at(new))
        flush_folder(self._at(new.rpartition("/")[0]))

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if path else str(self._root)

    def _ready(self, folder: str) -> None:
        if self._local:
            Path(self._at(folder)).mkdir(parents=True, exist_ok=True, mode=OWN)
        else:
            self._store.makedirs(self._at(folder), exist_ok=True)

    @contextmanager
    def _opened(self, path: str, mode: str) -> Iterator[BinaryIO]:
        with self._store.open(self._at(path), mode) as file:
            yield cast(BinaryIO, file)

    def _listed(self, folder: str) -> Iterator[tuple[str, str, int]]:
        self._store.invalidate_cache()
        try:
            found = self._store.ls(self._at(folder), detail=True)
        except FileNotFoundError:
            return
        for one in found:
            yield str(one["name"]).rstrip("/").rpartition("/")[2], str(one["type"]), int(one["size"] or 0)


def flush_folder(path: str) -> None:
    """Make what was renamed in a folder survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
