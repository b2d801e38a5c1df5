"""Debian's logrotate rotates what is followed, in each of its ways, while we follow and while we are away."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.asterisk import needed
from tests.streams.sources.following import Log, accounts, append, begun, following, refusal, until

SCRIPT = Path(__file__).parents[3] / "scripts" / "logrotate"
WAYS = {
    "renamed": ("nocompress", "create"),
    "copied": ("nocompress", "copytruncate"),
    "packed at once": ("compress", "create"),
    "copied and packed": ("compress", "copytruncate"),
    "packed later": ("compress", "delaycompress", "create"),
    "by its day": ("dateext", "dateformat -%Y%m%d-%s", "create"),
    "with its suffix": ("extension .log", "create"),
}


@pytest.fixture(scope="module")
def logrotate() -> list[str]:
    found = subprocess.run([SCRIPT], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if found.returncode:
        needed("logrotate", found.stderr)
    return found.stdout.split()


@pytest.mark.parametrize("way", WAYS)
async def test_what_logrotate_does_loses_and_doubles_nothing(logrotate: list[str], way: str, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir(mode=0o755)
    path, log = folder / "security.log", Log()
    append(path)
    rules = tmp_path / "rules"
    rules.write_text("\n".join((f"{path} {{", "rotate 20", "size 1", *WAYS[way], "}", "")))
    rules.chmod(0o644)

    def rotate() -> None:
        time.sleep(1.0 if "dateext" in WAYS[way] else 0)  # its names have seconds
        arguments = [*logrotate, "-f", "-s", str(tmp_path / "state"), str(rules)]
        done = subprocess.run(arguments, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")

    number = 0

    def write(count: int) -> None:
        nonlocal number
        append(path, *(refusal(10 * one, f"{1000 + one}") for one in range(number, number + count)))
        number += count

    async with following(log, path):
        await begun(log)
        for _ in range(3):
            write(5)
            rotate()
            write(5)
            await until(lambda: len(log.events) == number)
    for _ in range(2):
        write(5)
        rotate()
    write(5)
    async with following(log, path):
        await until(lambda: len(log.events) >= number)
    assert accounts(log) == [f"{1000 + one}" for one in range(number)]
    assert not log.letters
