"""A command is a file: found by its name, listed without being imported, imported when it is called."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from streams.cli.command_folder import CommandFiles, folder

WELL = '''
"""Say that all is well."""

import typer

EPILOG = "Example: trial well"


def command(name: str = "nobody") -> None:
    """Greet somebody."""
    typer.echo(f"well, {name}")
'''
BROKEN = '"""Break at once."""\n\nraise RuntimeError("imported")\n'


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package with three commands, and a group of one."""
    files = {
        "__init__.py": 'ORDER = ("well", "group")\n',
        "main.py": BROKEN,
        "zebra_command.py": BROKEN,
        "broken_command.py": BROKEN,
        "well_command.py": WELL,
        "group_commands/__init__.py": '"""Several in one."""\n\nHELP = "A group."\nORDER = ()\n',
        "group_commands/group_well_command.py": WELL,
    }
    for name, text in files.items():
        path = tmp_path / "trial_cli" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "trial_cli"
    for name in [name for name in sys.modules if name.partition(".")[0] == "trial_cli"]:
        del sys.modules[name]


def ring(package: str, *arguments: str) -> tuple[int, str]:
    app = typer.Typer(cls=folder(package), add_completion=False, rich_markup_mode=None)
    app.callback()(lambda: None)
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output


def test_the_list_has_the_named_ones_in_their_order_then_the_others_and_imports_none(trial: str) -> None:
    code, output = ring(trial, "--help")
    assert code == 0
    assert output.partition("Commands:\n")[2].splitlines() == [
        "  well    Say that all is well.",
        "  group   Several in one.",
        "  broken  Break at once.",
        "  zebra   Break at once.",
    ]
    assert not [name for name in sys.modules if name.startswith(f"{trial}.well")]


def test_a_command_is_imported_when_it_is_called(trial: str) -> None:
    assert ring(trial, "well", "--name", "you") == (0, "well, you\n")


def test_the_help_of_a_command_is_that_of_its_function_with_the_example_below(trial: str) -> None:
    code, output = ring(trial, "well", "--help")
    assert code == 0
    assert "Greet somebody." in output
    assert output.rstrip().endswith("Example: trial well")


def test_a_command_of_a_group_is_called_without_the_name_of_the_group_in_it(trial: str) -> None:
    assert ring(trial, "group", "well") == (0, "well, nobody\n")
    assert "A group." in ring(trial, "group", "--help")[1]


def test_a_name_without_a_file_is_no_command_and_a_similar_one_is_suggested(trial: str) -> None:
    code, output = ring(trial, "wel")
    assert code == 2
    assert "No such command 'wel'" in output
    assert "'well'" in output
    code, output = ring(trial, "main")
    assert (code, "No such command 'main'" in output) == (2, True)


def test_an_order_that_names_no_file_stops_the_program(trial: str, tmp_path: Path) -> None:
    (tmp_path / trial / "__init__.py").write_text('ORDER = ("well", "gone")\n')
    with pytest.raises(KeyError, match="gone"):
        CommandFiles(trial)


@pytest.mark.parametrize("package", ["streams.cli", "streams.cli.archive_commands"])
def test_every_command_of_ours_is_named_in_the_order(package: str) -> None:
    assert tuple(CommandFiles(package)) == sys.modules[package].ORDER


@pytest.mark.parametrize("arguments", [["--help"], ["archive", "--help"], ["--version"]], ids=" ".join)
def test_what_is_needed_to_list_commands_is_little(arguments: list[str]) -> None:
    program = (
        "import atexit, sys; from streams.cli.main import app;"
        "atexit.register(lambda: print('detector' in sys.modules, 'sqlalchemy' in sys.modules, file=sys.stderr));"
        "app()"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "False False\n")
