"""An archive in a folder, in memory, and on a server: stores that fsspec reaches and that differ in all they can."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

import fsspec
import pytest

from streams.archive import Archive
from tests.ports import free_ports

PATIENCE = 30.0


@contextmanager
def ftp_server(home: Path, port: int) -> Iterator[None]:
    """A real FTP server, which anybody may write to."""
    command = [sys.executable, "-W", "ignore", "-m", "pyftpdlib", "-i", "127.0.0.1", "-p", str(port), "-w", "-d", home]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        until = time.monotonic() + PATIENCE
        answered = False
        while not answered and server.poll() is None and time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                answered = True
        assert answered
        try:
            yield
        finally:
            server.kill()


@pytest.fixture(scope="session")
def ftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server for all tests."""
    port = free_ports(1)
    with ftp_server(tmp_path_factory.mktemp("ftp"), port):
        yield f"ftp://127.0.0.1:{port}"


@pytest.fixture(params=["folder", "memory", "ftp"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    """All must behave alike."""
    name = token_hex(8)
    if request.param == "folder":
        yield Archive(str(tmp_path / "archive"))
    elif request.param == "ftp":
        yield Archive(f"{request.getfixturevalue('ftp')}/{name}")
    else:
        store = fsspec.filesystem("memory")
        yield Archive(f"memory://{name}")
        if store.exists(f"/{name}"):
            store.rm(f"/{name}", recursive=True)
