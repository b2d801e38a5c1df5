"""`ringfence check` says what of block lists is used."""

from typer.testing import CliRunner

from streams.cli.main import commands


def test_what_of_each_list_is_used(tmp_path) -> None:
    (tmp_path / "bad.netset").write_text("203.0.113.7\n10.0.0.1\n0.0.0.0/0\n192.0.2.250\n")
    config = tmp_path / "ringfence.yaml"
    config.write_text("""
block_lists:
  - {name: bad, file: bad.netset}
  - {name: far, url: "https://lists.example/bad?key=secret", every: 12h}
pbxs:
  - {id: hq, trunks: {carrier: {hosts: [192.0.2.250]}}}
""")
    result = CliRunner().invoke(commands, ["check", "-c", str(config)])
    assert result.exit_code == 0
    said = " ".join(result.stderr.split())
    assert "block list bad: 1 used; refused: 1 own, 1 private, 1 wide; " in said
    assert "block list far: fetched from https://lists.example/bad every 12 h" in said
    assert "secret" not in said
