"""`ringfence archive` from the outside: what it says, what it writes, its exit codes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from detector.contract.codec import Codec, Rejected
from streams.archive import Archive, read
from streams.cli import main
from tests.streams.archive.traffic import NOON, call, every_kind, registration

STOLEN = Path(__file__).parents[2] / "data" / "stolen-extension.jsonl"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is run, with an archive and a configuration that names it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ringfence.yaml").write_text("pbxs: [{id: hq}]\ndata: data\narchive: {url: kept}\n")
    archive = Archive(str(tmp_path / "kept"))
    archive.write("a", list(enumerate(every_kind(), 1)))
    archive.write("a", [(number, registration(number)) for number in range(11, 14)])
    archive.write("a", [(number, registration(number)) for number in range(12, 16)])
    archive.write("a", [(20, call(20, pbx="b\x1b[2Jad"))])
    return tmp_path


def event_of(line: bytes) -> bytes:
    """An event as we write it: 10 seconds are 10.0."""
    (event,) = Codec().decode(line)
    assert not isinstance(event, Rejected)
    return Codec().encode(event)


def ring(*arguments: str, **options: Any) -> Any:
    return CliRunner().invoke(main.commands, ["archive", *arguments], **options)


def test_list_shows_each_pbx_and_no_control_characters(folder: Path) -> None:
    done = ring("list", "-c", "ringfence.yaml")
    assert done.exit_code == 0
    assert "hq" in done.stdout
    assert "2026-03-02" in done.stdout
    assert "\x1b" not in done.stdout


def test_check_counts_and_finds_damage(folder: Path) -> None:
    done = ring("check", "-a", "kept")
    assert (done.exit_code, "2 of them twice" in done.stderr, "0 problems" in done.stderr) == (0, True, True)
    path = next((folder / "kept" / "pbx=hq").rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-1])
    done = ring("check", "-a", "kept")
    assert done.exit_code == 1
    assert path.name in done.stderr


def test_export_gives_what_replay_reads(folder: Path) -> None:
    shutil.rmtree(folder / "kept")
    assert ring("import", "-c", "ringfence.yaml", str(STOLEN)).exit_code == 0
    assert ring("import", "-c", "ringfence.yaml", str(STOLEN)).exit_code == 0
    assert ring("export", "-c", "ringfence.yaml", "--pbx", "hq", "-o", "out.jsonl").exit_code == 0
    wanted = {event_of(line) for line in STOLEN.read_bytes().splitlines()}
    written = [event_of(line) for line in Path("out.jsonl").read_bytes().splitlines()]
    assert len(written) == len(set(written))
    assert set(written) <= wanted
    assert len({json.loads(one)["id"] for one in wanted}) == len(written)
    replayed = CliRunner().invoke(main.commands, ["replay", "out.jsonl"])
    assert '"type":"incident"' in replayed.stdout


def test_export_leaves_our_own_events_out(folder: Path) -> None:
    done = ring("export", "-a", "kept")
    kinds = [json.loads(line)["kind"] for line in done.stdout.splitlines()]
    assert "control" not in kinds
    assert kinds.count("registration") == 6


def test_compact_puts_together_and_expires(folder: Path) -> None:
    done = ring("compact", "-a", "kept")
    assert done.exit_code == 0
    assert "1 days put together" in done.stderr
    (folder / "short.yaml").write_text(
        "archive: {url: kept}\ndefaults: {privacy: {retention: {raw: 1d}}}\n"
        "pbxs: [{id: hq, privacy: {retention: {raw: 400d}}}]\n"
    )
    done = ring("compact", "-c", "short.yaml", "--expire")
    assert done.exit_code == 0
    assert {event.pbx for event in read(str(folder / "kept"))} == {"hq"}


def test_erase_asks_and_says_what_it_does_not_reach(folder: Path) -> None:
    refused = ring("erase", "-a", "kept", "--address", "203.0.113.7", input="n\n")
    assert refused.exit_code == 1
    codec = Codec(trusted=True)
    assert any(b"203.0.113.7" in codec.encode(event) for event in read("kept"))
    done = ring("erase", "-a", "kept", "--address", "203.0.113.7", "--yes")
    assert done.exit_code == 0
    assert "6 events on 1 days removed" in done.stderr
    assert "Not reached" in done.stderr
    assert not any(b"203.0.113.7" in codec.encode(event) for event in read("kept"))


def test_erase_says_which_day_it_could_not_search(folder: Path) -> None:
    path = next((folder / "kept" / "pbx=hq").rglob("*.parquet"))
    path.write_bytes(b"")
    done = ring("erase", "-a", "kept", "--extension", "1001", "--yes")
    assert done.exit_code == 1
    assert "pbx=hq/day=2026-03-02" in done.stderr


WRONG = [
    (["list"], "which archive?"),
    (["list", "-a", "kept", "--since", "soon"], "--since"),
    (["erase", "-a", "kept", "--yes"], "whom?"),
    (["erase", "-a", "kept", "--address", "here", "--yes"], "--address"),
    (["erase", "-a", "kept", "--number", "+", "--yes"], "--number"),
    (["erase", "-a", "kept", "--extension", " ", "--yes"], "--extension"),
    (["list", "-a", "kept", "--since", "2026-03-02", "--until", "2026-03-02"], "--since must lie before"),
    (["list", "-a", "sftp://[host"], "not a URL"),
    (["compact", "-a", "kept", "--expire"], "--config"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_a_mistake_is_one_line_and_exit_code_2(folder: Path, arguments: list[str], said: str) -> None:
    done = ring(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(list(read(str(folder / "kept"), pbxs=["hq"], since=NOON))) > 0


@pytest.mark.parametrize(
    "command", [["list"], ["check"], ["export"], ["compact"], ["erase", "--extension", "1001", "--yes"]],
    ids=lambda command: command[0],
)  # fmt: skip
@pytest.mark.parametrize(
    ("where", "said"),
    [(["-a", "kep"], "kep: there is no archive here"), (["-a", "kept", "--pbx", "hg"], "there are hq")],
    ids=["archive", "PBX"],
)  # fmt: skip
def test_a_name_written_wrong_is_not_taken_for_an_archive_in_good_order(
    folder: Path, command: list[str], where: list[str], said: str
) -> None:
    for other in ("pbx=%2A", "pbx=b%1B%5B2Jad"):
        shutil.rmtree(folder / "kept" / other)
    done = ring(*command, *where)
    assert done.exit_code == 1
    assert said in done.stderr


def test_a_password_in_a_url_is_refused_and_not_repeated(folder: Path) -> None:
    done = ring("list", "-a", "sftp://me:hush@host/archive")
    assert (done.exit_code, "no password" in done.stderr, "hush" in done.stderr) == (2, True, False)


def test_an_archive_with_credentials_in_its_url_is_refused(folder: Path) -> None:
    (folder / "wrong.yaml").write_text("archive: {url: 'sftp://me:hush@host/archive'}\n")
    done = CliRunner().invoke(main.commands, ["check", "-c", "wrong.yaml"])
    assert done.exit_code == 2
    assert "credentials" in done.stderr
    assert "hush" not in done.stderr
