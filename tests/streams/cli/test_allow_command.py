"""`ringfence allow`: whom to leave alone, why and until when, for every process that shares the journal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streams.cli.main import commands
from streams.runtime.clock import micros_now
from streams.store.journal.journal import Journal
from streams.store.migrate import opened

DAY = 86_400_000_000


class Machine:
    """A configuration, the journal it leads to, and a shell."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "ringfence.yaml"
        self.config.write_text(f"data: {folder}\npbxs: [{{id: hq}}, {{id: branch}}]\n")
        self.engine = opened(f"sqlite:///{folder / 'journal.db'}", "journal")
        self.journal = Journal(self.engine)

    def run(self, *arguments: str) -> Any:
        return CliRunner().invoke(commands, ["allow", "-c", str(self.config), *arguments])


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.engine.dispose()


def test_what_is_put_on_is_shown_and_can_be_taken_off(machine: Machine) -> None:
    before = micros_now()
    done = machine.run("203.0.113.7/28", "--reason", "office in Leeds", "--for", "2d", "--pbx", "hq", "--by", "anna")
    assert done.exit_code == 0, done.output
    [entry] = machine.journal.guard.allowed(micros_now())
    assert (entry.value, entry.pbx, entry.reason, entry.by) == ("203.0.113.0/28", "hq", "office in Leeds", "anna")
    assert 2 * DAY <= entry.until - before <= 3 * DAY
    shown = machine.run()
    assert shown.stdout.startswith(f"{entry.id}  203.0.113.0/28  hq  until ")
    assert "anna: office in Leeds" in shown.stdout
    assert machine.run("--end", str(entry.id)).exit_code == 0
    assert machine.journal.guard.allowed(micros_now()) == []
    assert machine.run("--end", str(entry.id)).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("1007", "--for", "1d"), "--reason"),
        (("1007", "--for", "1d", "--reason", "  "), "--reason"),
        (("1007", "--reason", "r"), "--for"),
        (("1007", "--reason", "r", "--for", "401d"), "--for"),
        (("1007", "--reason", "r", "--for", "soon"), "--for"),
        (("1007", "--reason", "r", "--for", "1d", "--pbx", "hg"), "--pbx"),
        (("0.0.0.0/0", "--reason", "r", "--for", "1d"), "wider"),
        (("+1", "--reason", "r", "--for", "1d"), "digits"),
    ],
)
def test_what_is_missing_or_too_wide_is_said_and_nothing_is_allowed(
    machine: Machine, arguments: tuple[str, ...], said: str
) -> None:
    done = machine.run(*arguments)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    assert machine.journal.guard.allowed(micros_now()) == []


def test_without_a_journal_there_is_nothing_to_allow(tmp_path: Path) -> None:
    config = tmp_path / "ringfence.yaml"
    config.write_text(f"data: {tmp_path / 'none'}\n")
    done = CliRunner().invoke(commands, ["allow", "-c", str(config)])
    assert done.exit_code == 1
    assert "nothing was ever started" in done.stderr
