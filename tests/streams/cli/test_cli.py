"""The command line: every mistake is one clear line and the right exit code."""

import json
import os
import pty
import re
import select
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from detector.contract.controls import CONTROLS
from detector.formats.format import formats
from streams.cli import main
from streams.observe.logs import LevelError, clean, level_of
from streams.sim.attacks import attacks

STOLEN = Path(__file__).parents[2] / "data" / "stolen-extension.jsonl"
PROGRAM = (sys.executable, "-c", "from streams.cli.main import app; app()")
SERVICE = """
data: {data}
metrics: {{run: {metrics}}}
console: {{port: {port}}}
pbxs:
  - id: hq
    connection: {{url: "http://127.0.0.1:9", client_id: env:SOME_ID, client_secret: env:SOME_SECRET}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is run, with a file of events in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOME_ID", "id")
    monkeypatch.setenv("SOME_SECRET", "hush")
    shutil.copy(STOLEN, tmp_path / "events.jsonl")
    (tmp_path / "two.yaml").write_text("pbxs: [{id: hq}, {id: branch}]\n")
    (tmp_path / "wrong.yaml").write_text("defaults:\n  regoin: US\n")
    (tmp_path / "table.yaml").write_text("country_database: wrong.yaml\n")
    (tmp_path / "quiet.yaml").write_text("pbxs: [{id: hq}]\n")
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 8)
    return tmp_path


def ring(*arguments: str) -> Any:
    """The command in this process."""
    return CliRunner().invoke(main.commands, list(arguments))


def program(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=60, **options)


WRONG = [
    (["replay"], "Missing argument"),
    (["bogus"], "No such command 'bogus'"),
    (["replay", "events.jsonl", "--nope"], "No such option: --nope"),
    (["replay", "nothing"], "nothing: there is no such file"),
    (["replay", "."], ".: a folder; name the files in it"),
    (["replay", "events.jsonl", "--format", "csv"], f"no format 'csv'; there are {', '.join(sorted(formats()))}"),
    (["replay", "events.jsonl", "--timezone", "Mars/Base"], "no time zone 'Mars/Base'; write it as America/New_York"),
    (["replay", "events.jsonl", "--timezone", "../../etc/passwd"], "no time zone '../../etc/passwd'"),
    (["replay", "events.jsonl", "--timezone", ""], "no time zone ''"),
    (["replay", "events.jsonl", "--year", "26"], "Invalid value for '--year'"),
    (["replay", "events.jsonl", "--pbx", ""], "--pbx: a name of 1 to 64 characters"),
    (["replay", "events.jsonl", "-c", "two.yaml", "--pbx", "hw"], "no PBX 'hw' in the configuration; there are hq, b"),
    (["replay", "events.jsonl", "-c", "two.yaml", "-f", "asterisk-log"], "--pbx is needed: which of hq, branch"),
    (["replay", "events.jsonl", "-c", "nothing"], "nothing: there is no such file"),
    (["replay", "events.jsonl", "-c", "wrong.yaml"], "wrong.yaml:2: defaults.regoin: unknown key"),
    (["replay", "events.jsonl", "-o", "events.jsonl"], "events.jsonl: would be overwritten"),
    (["replay", "events.jsonl", "--dead-letters", "./events.jsonl"], "events.jsonl: would be overwritten"),
    (["replay", "events.jsonl", "-o", "x", "--dead-letters", "x"], "--out and --dead-letters name the same file"),
    (["convert", "events.jsonl"], "Missing option '--format'"),
    (["check"], "Missing option '--config'"),
    (["check", "-c", "wrong.yaml"], "wrong.yaml:2: defaults.regoin: unknown key"),
    (["run", "-c", "quiet.yaml"], "no PBX has a connection, files, `hep` or syslog; there is nothing to watch"),
    (["sim", "--port", "99999"], "Invalid value for '--port'"),
    (["sim", "--attack", "nuke"], "no attack 'nuke'; there are guessing_only"),
    (
        ["sim", "--webhook", "http://127.0.0.1", "--webhook-secret", "s" * 33],
        "webhooks.0.secret: String should have at",
    ),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[" ".join(case[0]) for case in WRONG])
def test_wrong_usage_says_what_is_wrong_and_ends_with_2(arguments: list[str], said: str, folder: Path) -> None:
    before = (folder / "events.jsonl").read_bytes()
    result = ring(*arguments)
    assert said in result.stderr
    assert result.exit_code == 2
    assert result.stdout == ""
    assert (folder / "events.jsonl").read_bytes() == before


def test_without_arguments_the_commands_are_listed(folder: Path) -> None:
    listed = ring()
    assert listed.exit_code == 2
    for command in ("replay", "convert", "check", "import", "run", "serve", "password", "sim", "demo"):
        assert f"  {command} " in listed.output
        shown = ring(command, "--help")
        assert shown.exit_code == 0
        assert f"ringfence {command}" in shown.output.partition("Example")[2]  # an example to copy
    assert "..." not in listed.output.partition("Commands:")[2]
    assert ring("--version").stdout.startswith("ringfence ")


def test_the_help_names_every_attack() -> None:
    assert f"Attack to run: {', '.join(sorted(attacks()))}." in " ".join(ring("sim", "--help").output.split())


def test_nothing_readable_is_a_failure_that_asks_for_the_format(folder: Path) -> None:
    result = ring("replay", "noise")
    assert result.exit_code == 1
    assert "9 unreadable, the first in line 1 of noise: JSON is malformed" in result.stderr
    assert "nothing could be read: is --format events right?" in result.stderr
    letters = [json.loads(line) for line in (folder / "noise.dead-letters.jsonl").read_text().splitlines()]
    assert [letter["line"] for letter in letters] == list(range(1, 10))
    assert json.loads(result.stdout)["rejected"] == 9


def test_what_can_be_read_is_worth_more_than_what_cannot(folder: Path) -> None:
    result = ring("replay", "noise", "events.jsonl", "--dead-letters", "dead")
    assert result.exit_code == 0
    assert "9 unreadable" in result.stderr
    assert len((folder / "dead").read_text().splitlines()) == 9
    assert json.loads(result.stdout.splitlines()[-1])["read"] == 18


def test_a_log_without_an_event_is_no_failure_but_said(folder: Path) -> None:
    (folder / "ordinary.log").write_text("[Nov 23 09:05:02] VERBOSE[1] pbx.c: Executing [1001@phones:1]\n" * 9)
    result = ring("replay", "ordinary.log", "-f", "asterisk-log")
    assert result.exit_code == 0
    assert result.stderr == "no event in 9 lines: is --format asterisk-log right?\n"


def test_what_should_have_been_read_is_told_with_a_sample_and_counted(folder: Path) -> None:
    result = ring("replay", "events.jsonl", "-f", "asterisk-log")
    assert "3 lines not understood (100 % of what should have been read)" in result.stderr
    assert "3 x JSON of an unknown layout, such as: {" in result.stderr
    assert json.loads(result.stdout.splitlines()[-1])["unread"] == 3


@pytest.mark.parametrize("command", ["convert", "replay"])
def test_a_file_of_which_half_is_not_read_says_so_on_one_line_each(folder: Path, command: str) -> None:
    head = "[Nov 23 09:05:02] NOTICE[1] chan_sip.c: Registration from '<sip:1@h>' failed for '203.0.113.7:5060' - "
    odd = "[Nov 23 09:05:02] NOTICE[1] chan_sip.c: Somebody failed to\x1b[2J\r do \u202e it\n"
    (folder / "half.log").write_text(f"{head}Wrong password\n{odd}", newline="")
    result = ring(command, "half.log", "-f", "asterisk-log", "--year", "2026")
    assert result.exit_code == 0
    told, sample = result.stderr.splitlines()
    assert told == "1 lines not understood (50 % of what should have been read):"
    assert sample.startswith("  1 x words of chan_sip.c that are not known, such as: [Nov 23")
    assert sample.isprintable()
    assert r"\x1b[2J\r do \u202e it" in sample


def test_an_empty_file_has_no_findings(folder: Path) -> None:
    (folder / "empty").touch()
    result = ring("replay", "empty")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["read"] == 0


def test_findings_go_into_a_file_over_what_was_there(folder: Path) -> None:
    (folder / "out").write_text("old\n" * 10_000)
    result = ring("replay", "events.jsonl", "-o", "out")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("9 events, 0 unreadable, ")
    *findings, stats = [json.loads(line) for line in (folder / "out").read_text().splitlines()]
    assert stats["type"] == "stats"
    assert findings


def test_what_convert_writes_replay_reads(folder: Path) -> None:
    log = Path(__file__).parents[2] / "data" / "asterisk-messages.log"
    of_log = ["-f", "asterisk-log", "--pbx", "hq", "--year", "2026", "--timezone", "America/New_York"]
    assert ring("convert", str(log), *of_log, "-o", "converted").exit_code == 0
    direct, converted = ring("replay", str(log), *of_log), ring("replay", "converted")
    assert converted.stdout.splitlines()[:-1] == direct.stdout.splitlines()[:-1]
    assert len(converted.stdout.splitlines()) > 10


def test_check_says_what_is_good(folder: Path) -> None:
    result = ring("check", "-c", "two.yaml")
    assert (result.exit_code, result.stderr) == (0, "two.yaml: good, 2 PBXs\n")
    assert result.stdout == "hq, branch: no connection, so nothing is seen, but for what is replayed\n"


def test_check_says_how_each_control_is_seen_and_which_rules_nothing_feeds(folder: Path) -> None:
    way = '{url: "https://pbx.example:8088", client_id: env:SOME_SECRET, client_secret: env:SOME_SECRET}'
    rules = "{registration.user_agent: {allowed: [Yealink]}}"
    lines = [f"  - {{id: {name}, connection: {way}, rules: {rules}}}" for name in ("hq", "branch")]
    (folder / "connected.yaml").write_text("\n".join(["pbxs:", *lines]))
    said = ring("check", "-c", "connected.yaml").stdout
    assert said.splitlines()[0].startswith("hq, branch: a P-Series by its API, live")
    assert set(re.findall(r"C\d\d", said.partition("rules that nothing feeds")[0])) == CONTROLS.keys()
    assert re.search(r"│ registration.user_agent +│ C12 +│ user_agent in registration.accepted +│ an Asterisk", said)
    assert "branch: has settings for rules that nothing feeds: registration.user_agent" in said


# --- in a process of its own: what ends a program


@pytest.mark.parametrize("out", ["nowhere/out", ".", "/dev/full"])
def test_a_file_that_cannot_be_written_is_named(out: str, folder: Path) -> None:
    result = program("replay", "events.jsonl", "--out", out)
    assert result.returncode == 1
    assert result.stderr.startswith(f"ringfence: {out}: ")
    assert result.stderr.count("\n") == 1


def test_a_full_disk_behind_standard_output_is_said_once(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "replay", "events.jsonl"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "ringfence: standard output: No space left on device\n")


def test_a_reader_that_has_seen_enough_is_no_error_to_talk_about(folder: Path) -> None:
    (folder / "many").write_bytes((folder / "events.jsonl").read_bytes() * 200)
    done = subprocess.Popen(
        [*PROGRAM, "convert", "-f", "events", "many"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert done.stdout is not None
    assert done.stderr is not None
    done.stdout.readline()
    done.stdout.close()
    assert done.stderr.read() == b""
    done.stderr.close()
    assert done.wait(30) == 1


def test_a_table_that_cannot_be_used_is_a_wrong_configuration(folder: Path) -> None:
    result = program("check", "-c", "table.yaml")
    assert result.returncode == 2
    assert result.stderr.startswith("ringfence: country_database: ")
    assert result.stderr.endswith("wrong.yaml: not a MaxMind database (.mmdb)\n")


def test_a_level_of_logs_that_is_none_is_wrong_usage(folder: Path) -> None:
    result = program("replay", "events.jsonl", env=os.environ | {"RINGFENCE_LOG": "loud"})
    assert result.returncode == 2
    assert result.stderr == "ringfence: RINGFENCE_LOG='loud': allowed are debug, info, warning, error\n"


@pytest.mark.parametrize(
    ("ports", "says"),
    [
        ({"port": 0, "metrics": 0}, "cannot listen on 127.0.0.1:{port} (console)"),
        ({"port": 8686, "metrics": 0}, "127.0.0.1:{port} (metrics): Address already in use"),
    ],
)
def test_the_service_names_the_port_it_cannot_have(ports: dict[str, int], says: str, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wanted = ports | {"port" if "console" in says else "metrics": port}
        (folder / "run.yaml").write_text(SERVICE.format(data=folder / "data", **wanted))
        result = program("run", "-c", "run.yaml")
    assert result.returncode == 1
    assert says.format(port=port) in result.stderr
    assert "Traceback" not in result.stderr


def test_the_service_names_the_database_it_cannot_use(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "stream.db").write_bytes(bytes(range(256)) * 40)
    (folder / "run.yaml").write_text(SERVICE.format(data=folder / "data", port=8686, metrics=0))
    result = program("run", "-c", "run.yaml")
    assert result.returncode == 1
    assert result.stderr.startswith(f"ringfence: database: file is not a database (it is in {folder / 'data'}")
    assert result.stderr.count("\n") == 1


def test_a_data_folder_that_is_a_file_is_named(folder: Path) -> None:
    (folder / "run.yaml").write_text(SERVICE.format(data=folder / "noise", port=8686, metrics=0))
    result = program("run", "-c", "run.yaml")
    assert (result.returncode, result.stderr) == (1, f"ringfence: {folder / 'noise'}: File exists\n")


# --- on a terminal


def on_terminal(*arguments: str, stdout: bool) -> tuple[bytes, bytes, int]:
    """What is seen on a terminal, what went to a pipe instead of it, and the exit code."""
    ours, theirs = pty.openpty()
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdin=theirs, stdout=theirs if stdout else writing, stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(theirs)
    os.close(writing)
    seen = {ours: b"", reading: b""}
    waiting = [ours, reading]
    while waiting:
        for ready in select.select(waiting, [], [], 60)[0]:
            try:
                part = os.read(ready, 65_536)
            except OSError:  # how a terminal says that nobody is there any more
                part = b""
            seen[ready] += part
            if not part:
                waiting.remove(ready)
                os.close(ready)
    return seen[ours], seen[reading], process.wait(30)


def test_a_terminal_shows_progress_and_a_pipe_gets_only_findings(folder: Path) -> None:
    terminal, piped, code = on_terminal("replay", "events.jsonl", stdout=False)
    assert code == 0
    assert b"reading" in terminal
    assert b"detection" not in terminal
    assert [json.loads(line)["type"] for line in piped.splitlines()][-1] == "stats"


def test_findings_on_a_terminal_stand_above_the_progress_and_cannot_steer_it(folder: Path) -> None:
    hostile = (folder / "events.jsonl").read_text().replace('"1007"', '"\\u009b31m"')
    (folder / "hostile").write_text(hostile)
    terminal, _, code = on_terminal("replay", "hostile", stdout=True)
    assert code == 0
    assert b"reading" in terminal
    assert "\u009b".encode() not in terminal
    lines = [line.rpartition(b"\x1b[2K")[2].strip() for line in terminal.split(b"\n")]
    found = [json.loads(line) for line in lines if line.startswith(b'{"type"')]
    assert found[-1]["type"] == "stats"
    assert any(finding.get("subject", {}).get("id") == "\u009b31m" for finding in found)


# --- errors and logs


def test_levels_are_named() -> None:
    assert (level_of({}), level_of({"RINGFENCE_LOG": "DEBUG"})) == (20, 10)
    with pytest.raises(LevelError, match="allowed are debug"):
        level_of({"RINGFENCE_LOG": ""})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET https://pbx/openapi?access_token=abc&page=1", "GET https://pbx/openapi?access_token=***&page=1"),
        ("{'client_secret': 'abc', 'id': 'x'}", "{'client_secret': '***', 'id': 'x'}"),
        ('{"Password":"abc"}', '{"Password":"***"}'),
        ("mailtos://user:pass@mail.example", "mailtos://***@mail.example"),
        ("POST get_token: ConnectError", "POST get_token: ConnectError"),
        ("a\x1b[2Jb\r\nc\u2028", "a\\x1b[2Jb\\r\\nc\\u2028"),
    ],
)
def test_logs_hold_neither_secrets_nor_orders_for_a_terminal(text: str, shown: str) -> None:
    assert clean(text) == shown


LOGGING = """
import logging, warnings, structlog
from streams.observe import logs
logs.configure(logs.level_of({}))
log = structlog.get_logger("ours")
log.debug("unheard")
log.info("said", url="http://pbx/?access_token=abc", name="a\\nb")
logging.getLogger("httpx").info("GET http://pbx/?access_token=abc")
warnings.warn("old")
def broken(secret):
    raise ValueError("password=abc")
try:
    broken("hidden local")
except ValueError:
    logging.getLogger("asyncio").exception("task")
"""


def test_logs_are_lines_of_json_where_no_person_looks() -> None:
    done = subprocess.run([sys.executable, "-c", LOGGING], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["level"], line["event"][:4]) for line in lines] == [
        ("info", "said"), ("warning", "<str"), ("error", "task"),
    ]  # fmt: skip
    assert (lines[0]["url"], lines[0]["name"]) == ("http://pbx/?access_token=***", "a\\nb")
    assert "ValueError: password=***" in lines[2]["exception"]
    assert "abc" not in done.stderr
    assert "hidden local" not in lines[2]["exception"].replace('broken("hidden local")', "")
    assert done.stdout == ""
