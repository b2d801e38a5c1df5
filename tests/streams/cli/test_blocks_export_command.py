"""`ringfence blocks export`: lists and standing blocks as a file for the portal."""

import csv
import io

import pytest
from typer.testing import CliRunner

from streams.cli.main import commands

CONFIG = """
data: {data}
defaults:
  rules:
    source.denied: {{deny: [203.0.113.0/24, bad.example, 192.168.0.0/16], allow: [198.51.100.7]}}
block_lists:
  - {{name: bad, file: bad.netset}}
  - {{name: far, url: "https://lists.example/bad"}}
pbxs:
  - id: hq
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "bad.netset").write_text("45.95.147.0/25\n45.95.147.128/25\n")
    path = tmp_path / "ringfence.yaml"
    path.write_text(CONFIG.format(data=tmp_path / "data"))
    return path


def exported(config, *options):
    result = CliRunner().invoke(commands, ["blocks", "export", "-c", str(config), *options])
    rows = csv.DictReader(io.StringIO(result.stdout))
    return result, [(row["Action"], row["Source IP Address"] or row["Domain"]) for row in rows]


def test_deny_and_allow_lists(config) -> None:
    result, rows = exported(config, "--pbx", "hq")
    assert rows == [("accept", "198.51.100.7"), ("drop", "203.0.113.0"), ("drop", "bad.example")]
    assert "3 rules; left out: 1 private" in result.stderr


def test_block_lists_on_demand_and_what_is_missing_is_told(config) -> None:
    result, rows = exported(config, "--pbx", "hq", "--lists")
    assert rows[-1] == ("drop", "45.95.147.0")
    assert len(rows) == 4
    assert "block list far: never fetched" in result.stderr


def test_into_a_file(config, tmp_path) -> None:
    out = tmp_path / "out.csv"
    result, _ = exported(config, "--pbx", "hq", "-o", str(out))
    assert result.stdout == ""
    assert out.read_bytes().count(b"\r\n") == 4


def test_an_unknown_pbx(config) -> None:
    result, _ = exported(config, "--pbx", "qh")
    assert result.exit_code == 2
