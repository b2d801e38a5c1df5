"""A sender is one file: being in the folder is all it takes to serve the receivers it claims."""

import os
import subprocess
import sys
from pathlib import Path

from streams.notify import senders
from streams.notify.sender import SENDERS
from streams.notify.senders.apprise_sender import AppriseSender
from streams.notify.senders.phone import Phone

FOLDER = Path(next(iter(senders.__path__)))
SIREN = '''
"""Sounds a siren."""

from typing import ClassVar

from streams.notify.sender import UrlSender, sender


@sender
class Siren(UrlSender):
    """A siren on the roof, by its name: `siren://north`."""

    kind: ClassVar[str] = "siren"
    schemes: ClassVar[frozenset[str]] = frozenset({"siren"})

    def __init__(self, url: str) -> None:
        self.roof = url.partition("://")[2]

    async def send(self, title: str, text: str) -> None:
        """Sound it."""
'''
CONFIGURATION = """
notify:
  - {name: roof, url: env:ROOF, severity: critical}
  - {name: mail, url: env:MAIL, incidents: [irsf]}
calls:
  - {extension: 1001}
"""
PROGRAM = """
import sys
from pathlib import Path

import streams.notify.senders as folder
from streams.config.loading import load
from streams.notify.sender import channels_of

folder.__path__.append(sys.argv[1])
for channel in channels_of(load(Path(sys.argv[2])), lambda: None):
    print(channel.name, type(channel.sender).__name__, channel.minimum, *channel.kinds)
"""


def channels(tmp_path: Path) -> list[str]:
    configuration = tmp_path / "ringfence.yaml"
    configuration.write_text(CONFIGURATION)
    secrets = {"ROOF": "siren://north", "MAIL": "mailto://127.0.0.1/?from=rf@example.com&to=noc@example.com"}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "more"), str(configuration)]
    ran = subprocess.run(command, capture_output=True, text=True, env=os.environ | secrets)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_every_kind_is_found_by_its_file() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert {kind.__module__.rpartition(".")[2] for kind in SENDERS.all().values()} == files
    assert SENDERS.all().items() >= {"apprise": AppriseSender, "phone": Phone}.items()


def test_a_new_sender_serves_what_it_claims_and_nobody_else_does(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "siren.py").write_text(SIREN)
    assert channels(tmp_path) == ["mail AppriseSender warning irsf", "call-1 Phone critical", "roof Siren critical"]
