"""The dialplan file of `ringfence asterisk hook`: the settings' own emergency numbers, and nothing of a secret."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from streams.cli.main import commands

SETTINGS = {
    "pbxs": [
        {
            "id": "hq", "region": "DE", "access_digit": "0", "emergency_numbers": ["4444"],
            "connection": {"make": "asterisk", "url": "ami://127.0.0.1", "client_id": "env:NO_ID",
                           "client_secret": "env:NO_SECRET"},
        }
    ]
}  # fmt: skip


def made(folder: Path, *options: str) -> str:
    file = folder / "ringfence.yaml"
    file.write_text(yaml.safe_dump(SETTINGS))
    done = CliRunner().invoke(commands, ["asterisk", "hook", "-c", str(file), *options], catch_exceptions=False)
    assert done.exit_code == (2 if "nobody" in options else 0), done.output
    return done.stdout if not done.exit_code else done.stderr


@pytest.mark.parametrize("number", ["110", "112", "911", "0110", "0112", "4444", "04444"])
def test_it_spares_the_emergency_numbers_of_the_settings(tmp_path: Path, number: str) -> None:
    text = made(tmp_path, "--pbx", "hq")
    spared = text.partition("[ringfence-emergency]")[2].partition("[ringfence]")[0]
    assert f"exten => {number},1,NoOp()\n" in spared


def test_it_is_written_to_a_file_and_names_the_pbx_it_does_not_know(tmp_path: Path) -> None:
    out = tmp_path / "extensions_ringfence.conf"
    assert made(tmp_path, "--pbx", "hq", "-o", str(out)) == ""
    assert out.read_text() == made(tmp_path, "--pbx", "hq")
    assert "nobody" in made(tmp_path, "--pbx", "nobody")
