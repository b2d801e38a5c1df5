"""A real CrowdSec, of Debian, with its local API on a port and in a folder of its own; nothing goes online."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_ports

SCRIPT = Path(__file__).parents[1] / "scripts" / "crowdsec"
MACHINE, PASSWORD, BOUNCER = "ringfence", "password-of-the-test", "key-of-the-bouncer"
PATIENCE = 60.0
CONFIGURATION = """
common: {{daemonize: false, log_media: stdout, log_level: info, working_dir: {folder}}}
config_paths:
  config_dir: {folder}
  data_dir: {folder}
  simulation_path: {folder}/simulation.yaml
  hub_dir: {folder}
  index_path: {folder}/.index.json
  notification_dir: {folder}
  plugin_dir: {folder}
cscli: {{output: json}}
db_config: {{type: sqlite, db_path: {folder}/crowdsec.db, use_wal: false}}
api:
  client: {{credentials_path: {folder}/credentials.yaml}}
  server:
    listen_uri: "127.0.0.1:{port}"
    profiles_path: {folder}/profiles.yaml
    console_path: {folder}/console.yaml
    {tls}
prometheus: {{enabled: false}}
"""
PROFILE = """
name: none
filters: ["false"]
decisions: [{type: ban, duration: 4h}]
on_success: break
"""


class CrowdsecServer:
    """A local API that a test may stop and start again."""

    def __init__(self, programs: Path, folder: Path, certificate: Path | None = None) -> None:
        self._programs = programs
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        port = free_ports(1)
        tls = f"tls: {{cert_file: {certificate}, key_file: {certificate}}}" if certificate else ""
        self.address = ("127.0.0.1", port)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        (folder / "config.yaml").write_text(CONFIGURATION.format(folder=folder, port=port, tls=tls))
        (folder / "profiles.yaml").write_text(PROFILE)
        (folder / "simulation.yaml").write_text("simulation: off\n")
        (folder / "credentials.yaml").touch()
        self.cscli(
            "machines", "add", MACHINE, "--password", PASSWORD, "-f", folder / "credentials.yaml", "-u", self.url
        )
        self.cscli("bouncers", "add", "firewall", "--key", BOUNCER)

    def cscli(self, *arguments: object) -> str:
        """What people do there."""
        command = [self._programs / "cscli", "-c", self._folder / "config.yaml", *map(str, arguments)]
        return subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout

    def start(self) -> None:
        """Returns when it takes connections."""
        with (self._folder / "log").open("ab") as log:
            command = [self._programs / "crowdsec", "-c", self._folder / "config.yaml", "-no-cs"]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE
        while not self._listens():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < until, self.log()
            time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log(self) -> str:
        """What it has said so far."""
        return (self._folder / "log").read_text()

    def _listens(self) -> bool:
        try:
            socket.create_connection(self.address, timeout=1).close()
        except OSError:
            return False
        return True


@contextmanager
def crowdsec(certificate: Path | None = None) -> Iterator[CrowdsecServer]:
    """One that runs and knows our machine and a bouncer, gone at the end."""
    found = subprocess.run([SCRIPT], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if found.returncode:
        if os.environ.get("CI"):
            pytest.fail(f"CrowdSec is needed: {found.stderr}")
        pytest.skip(f"NOT TESTED: CrowdSec cannot be had: {found.stderr}")
    with tempfile.TemporaryDirectory(prefix="ringfence-crowdsec-") as name:
        server = CrowdsecServer(Path(found.stdout.strip()), Path(name), certificate)
        try:
            server.start()
            yield server
        finally:
            server.stop()
