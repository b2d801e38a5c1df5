"""`ringfence password`: the new one holds, the old one and every session do not."""

import os
import pty
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streams.cli import main
from streams.console.logins import FAILURES, LoginRefused, Logins, Opened, first_user
from streams.console.wording import utc_micros
from streams.store.database import open_engine
from streams.store.journal.journal import Journal

PROGRAM = (sys.executable, "-c", "from streams.cli.main import app; app()", "password", "--config")
NEW = "correct horse 🐎 battery"


class Installation:
    """A configuration and the journal it leads to."""

    def __init__(self, folder: Path, url: str) -> None:
        self.config = folder / "ringfence.yaml"
        sqlite = url.startswith("sqlite")
        self.environment = os.environ | {"JOURNAL": url, "COLUMNS": "200"}
        if sqlite:
            (folder / "store.db").rename(folder / "journal.db")
        self.config.write_text(f"data: {folder}\n{'' if sqlite else 'journal: env:JOURNAL'}\n")
        self.engine = open_engine(f"sqlite:///{folder / 'journal.db'}" if sqlite else url)
        self.journal = Journal(self.engine)
        self.old = first_user(self.journal) or ""
        self.logins = Logins(self.journal, utc_micros)

    def run(self, *arguments: str, given: bytes) -> Any:
        """The command with something on its standard input."""
        command = ["password", "--config", str(self.config), *arguments]
        return CliRunner().invoke(main.commands, command, input=given, env=self.environment)

    def enter(self, *lines: str) -> tuple[int, str]:
        """The command on a terminal of its own, where somebody types; exit code, and what is seen."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*PROGRAM, self.config], stdin=theirs, stdout=theirs, stderr=theirs, env=self.environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        seen, waiting = b"", list(lines)
        while select.select([ours], [], [], 60)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:  # how a terminal says that nobody is there any more
                break
            seen += part
            if waiting and seen.endswith(b": "):
                os.write(ours, waiting.pop(0).encode() + b"\n")
        os.close(ours)
        return process.wait(30), seen.decode()


@pytest.fixture
def installation(migrated_url: str, tmp_path: Path) -> Installation:
    return Installation(tmp_path, migrated_url)


def test_a_new_password_replaces_the_old_one_and_ends_sessions(installation: Installation) -> None:
    logins = installation.logins
    opened = logins.open("admin", installation.old, "127.0.0.1")
    assert isinstance(opened, Opened)
    for _ in range(FAILURES):
        logins.open("admin", "guessed", "127.0.0.2")
    done = installation.run(given=f"{NEW}\r\nmore\n".encode())
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "admin has a new password and is logged out everywhere\n"
    assert logins.find(opened.token, active=True) is None
    assert isinstance(logins.open("admin", NEW, "127.0.0.1"), Opened)
    assert logins.open("admin", installation.old, "127.0.0.1") is LoginRefused.WRONG
    installation.engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        ((), b"", "a password has 8 to 256 characters"),
        ((), b"seven77\n", "a password has 8 to 256 characters"),
        ((), b"x" * 257, "a password has 8 to 256 characters"),
        ((), b"\xff" * 20, "the password is not UTF-8 text"),
        (("nobody",), NEW.encode(), "the console has no user 'nobody'"),
        (("",), NEW.encode(), "the console has no user ''"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    arguments: tuple[str, ...], given: bytes, said: str, installation: Installation
) -> None:
    done = installation.run(*arguments, given=given)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"ringfence: {said}\n"
    assert isinstance(installation.logins.open("admin", installation.old, "127.0.0.1"), Opened)
    installation.engine.dispose()


def test_on_a_terminal_it_is_asked_for_twice_and_never_shown(sqlite_template: Path, tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(sqlite_template.read_bytes())
    installation = Installation(tmp_path, f"sqlite:///{tmp_path / 'store.db'}")
    code, seen = installation.enter("first secret", "other secret", NEW, NEW)
    assert code == 0, seen
    assert "secret" not in seen
    assert NEW not in seen
    assert isinstance(installation.logins.open("admin", NEW, "127.0.0.1"), Opened)
    installation.engine.dispose()


def test_where_no_console_ever_was_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "ringfence.yaml").write_text(f"data: {tmp_path / 'data'}\n")
    command = ["password", "--config", str(tmp_path / "ringfence.yaml")]
    done = CliRunner().invoke(main.commands, command, input=NEW)
    assert done.exit_code == 1
    assert "no console was ever started with this configuration" in done.stderr
    assert not (tmp_path / "data").exists()
