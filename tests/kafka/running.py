"""A real Apache Kafka, started and stopped by the project's own scripts."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_ports

SCRIPTS = Path(__file__).parents[2] / "deploy" / "kafka"


class Kafka:
    """A broker, or a cluster of them, that a test may stop, kill and start again; nodes count from 1."""

    def __init__(self, folder: Path, bootstrap: str, nodes: int) -> None:
        self.folder = folder
        self.bootstrap = bootstrap
        self.brokers = tuple(bootstrap.split(","))
        self.nodes = nodes

    def start(self, node: int | None = None) -> None:
        """Start what is not running; returns when it takes connections."""
        script("start", "--dir", self.folder, *([] if node is None else ["--node", node]))

    def stop(self, node: int | None = None) -> None:
        """End in good order."""
        script("stop", "--dir", self.folder, *([] if node is None else ["--node", node]))

    def kill(self, node: int | None = None) -> None:
        """End at once, as when the power goes."""
        script("stop", "--kill", "--dir", self.folder, *([] if node is None else ["--node", node]))

    def pid(self, node: int = 1) -> int:
        """The process of a node, for signals."""
        return int((self.folder / f"node-{node}" / "pid").read_text())

    def log(self, node: int = 1) -> str:
        """What a node has said so far."""
        return (self.folder / f"node-{node}" / "log").read_text()


def script(name: str, *args: object) -> str:
    """What one of deploy/kafka's scripts prints on its last line; its errors when it fails."""
    done = subprocess.run([SCRIPTS / name, *map(str, args)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-8000:]}")
    return (done.stdout.splitlines() or [""])[-1]


@contextmanager
def kafka(nodes: int, *options: object, port: int | None = None) -> Iterator[Kafka]:
    """A new Kafka with nothing in it, gone at the end; at this port and those behind it, or at free ones."""
    try:
        script("install")
    except RuntimeError as error:
        if os.environ.get("CI"):
            pytest.fail(f"Kafka is needed: {error}")
        pytest.skip(f"Kafka cannot be had: {error}")
    with tempfile.TemporaryDirectory(prefix="ringfence-kafka-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        try:
            first = port or free_ports(2 * nodes)
            bootstrap = script("start", "--dir", folder, "--nodes", nodes, "--port", first, *options)
            yield Kafka(folder, bootstrap, nodes)
        finally:
            script("stop", "--kill", "--dir", folder)
