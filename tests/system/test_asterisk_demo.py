"""`make demo-asterisk`: robbed and contained while others call, gone without a trace, and clear where it cannot be."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.asterisk import apart, fetched

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, ROOT / "deploy" / "asterisk", "--no-browser", "--port", "0")


def environment(temporary: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), **more}


def left(temporary: Path) -> list[str]:
    """Files and processes of it that are still there."""
    shown = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [*map(str, temporary.iterdir()), *(line for line in shown.splitlines() if str(temporary) in line)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """For its temporary files, under a short name: Asterisk's socket is there."""
    with tempfile.TemporaryDirectory(prefix="demo-", dir="/tmp") as name:
        yield Path(name)


@pytest.fixture
def playable() -> None:
    """Where there is no Asterisk, or no network of our own, this is not tested."""
    fetched()
    with apart():
        pass


@pytest.mark.usefixtures("playable")
def test_the_robbery_is_contained_while_others_call(folder: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--until-contained"], capture_output=True, text=True, timeout=90, env=environment(folder)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Open +http://127\.0\.0\.1:\d+/\nLog in +admin / \S+", done.stdout)
    [said] = re.findall(r"all 80 calls of the thief: (.+)", done.stdout)
    held = {answer: int(count) for count, answer in re.findall(r"(\d+) x (\w+)", said)}
    assert held["answered"] == held["cut"] < 20
    assert held["answered"] + held.get("403", 0) + held.get("kept_out", 0) == 80
    assert re.search(r"guesses passwords of 1002: (?:\d+ x 401, )?\d+ x kept_out\n", done.stdout), done.stdout
    others = re.search(r"contained, see the console\. Others meanwhile: (.+)", done.stdout)
    assert others is not None, done.stdout
    assert set(re.findall(r"\d+ x \S+ (\w+)", others[1])) == {"answered"}
    assert "911 answered" in others[1]
    assert left(folder) == []


@pytest.mark.usefixtures("playable")
def test_ctrl_c_ends_all_of_it(tmp_path: Path, folder: Path) -> None:
    said = tmp_path / "said"
    with said.open("wb") as words:
        demo = subprocess.Popen(COMMAND, stdin=subprocess.DEVNULL, stdout=words, stderr=words, env=environment(folder))
    until = time.monotonic() + 60
    while "pumping" not in said.read_text():
        assert demo.poll() is None, said.read_text()
        assert time.monotonic() < until, said.read_text()
        time.sleep(0.05)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60) == 0, said.read_text()
    assert "Traceback" not in said.read_text()
    assert left(folder) == []


@pytest.mark.parametrize(
    ("program", "problem"),
    [("sipp", "the telephones are sipp, which is not here"), ("apt-get", "Asterisk is fetched with apt-get")],
)
def test_what_it_lacks_is_said(tmp_path: Path, program: str, problem: str) -> None:
    commands, cache = tmp_path / "bin", tmp_path / "cache"
    commands.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for path in Path(place).glob("*"):
            if path.name != program and not (commands / path.name).exists():
                (commands / path.name).symlink_to(path)
    (commands / "sipp" if program != "sipp" else commands / "other").touch(0o755)
    bare = environment(tmp_path, PATH=str(commands), XDG_CACHE_HOME=str(cache), CI="")
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=60, env=bare)
    assert done.returncode == 1
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
