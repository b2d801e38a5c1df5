"""Each line of a followed file is taken in once: whenever we die, whatever becomes of the file."""

import gzip
import os
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.streams.sources.following import (
    DATA,
    Log,
    accounts,
    append,
    begun,
    following,
    live,
    refusal,
    until,
)

SAMPLES = {
    "asterisk-log": "asterisk-both.log",
    "asterisk-cdr": "asterisk-master.csv",
    "freeswitch-log": "freeswitch.log",
}


async def begin(log: Log, path: Path, form: str = "asterisk-log") -> None:
    """Follow an empty file, and stop."""
    append(path)
    async with following(log, path, form=form):
        await begun(log)


@pytest.mark.parametrize("dies_before", [True, False], ids=["before a write", "behind a write"])
@pytest.mark.parametrize("form", SAMPLES)
async def test_killed_at_any_write_nothing_is_lost_and_nothing_is_doubled(
    form: str, dies_before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.sources.file_source.BATCH", 7)
    content = (DATA / SAMPLES[form]).read_bytes()
    logs = []
    for deaths in (False, True):
        path, log = tmp_path / str(deaths), Log()
        await begin(log, path, form)
        path.write_bytes(content)
        log.dies_before = dies_before
        survived = 3 if dies_before else 2
        log.die_at = log.writes + survived if deaths else None
        while await live(log, path, form):
            log.die_at = log.writes + survived
        logs.append(log)
    whole, killed = logs
    assert killed.writes > 10
    told = [(event.id, event.revision) for event in whole.events]
    assert [(event.id, event.revision) for event in killed.events] == told
    assert len(told) == len(set(told)) > 20


def renamed(path: Path, *more: bytes) -> None:
    """As logrotate does by default; who writes is told later, and writes `more` before."""
    aside = path.with_name(f"{path.name}.1")
    path.rename(aside)
    path.touch()
    append(aside, *more)


def copied(path: Path, *more: bytes) -> None:
    """As logrotate does by `copytruncate`."""
    append(path, *more)
    shutil.copy2(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)


def packed(path: Path, *more: bytes) -> None:
    """Renamed, and packed at once."""
    renamed(path, *more)
    pack(path.with_name(f"{path.name}.1"))


def copied_and_packed(path: Path, *more: bytes) -> None:
    copied(path, *more)
    pack(path.with_name(f"{path.name}.1"))


def dated(path: Path, *more: bytes) -> None:
    """By its day, and a name that ends as before."""
    append(path, *more)
    path.rename(path.with_name(f"{path.stem}-20261123{path.suffix}"))
    path.touch()


def twice(path: Path, *more: bytes) -> None:
    """Two rotations, one after the other."""
    append(path, *more[:1])
    path.rename(path.with_name(f"{path.name}.2"))
    append(path, *more[1:])
    path.rename(path.with_name(f"{path.name}.1"))
    path.touch()


def pack(path: Path) -> None:
    """As gzip does: the time of the file is kept."""
    at = path.stat().st_mtime_ns
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    os.utime(path.with_name(f"{path.name}.gz"), ns=(at, at))


ROTATIONS = (renamed, copied, packed, copied_and_packed, dated, twice)
Rotation = Callable[..., None]


@pytest.mark.parametrize("alive", [True, False], ids=["while it is followed", "while we are away"])
@pytest.mark.parametrize("rotate", ROTATIONS)
async def test_what_was_not_read_before_a_rotation_is_read_behind_it(
    rotate: Rotation, alive: bool, tmp_path: Path
) -> None:
    path, log = tmp_path / "security.log", Log()
    append(path, refusal(0, "before us"))
    append(tmp_path / "security.log-json", refusal(0, "of another log"))
    async with following(log, path):
        await begun(log)
        append(path, refusal(100, "1000"))
        await until(lambda: len(log.events) == 1)
        if alive:
            rotate(path, refusal(200, "1001"), refusal(300, "1002"))
            append(path, refusal(400, "1003"))
            await until(lambda: len(log.events) >= 4)
    if not alive:
        rotate(path, refusal(200, "1001"), refusal(300, "1002"))
        append(path, refusal(400, "1003"))
    async with following(log, path):
        append(path, refusal(500, "1004"))
        await until(lambda: len(log.events) >= 5)
    assert accounts(log) == ["1000", "1001", "1002", "1003", "1004"]
    assert not log.letters


async def test_a_file_that_was_emptied_without_a_copy_is_told_and_followed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.sources.tail.SOUGHT_SECONDS", 0.1)
    path, log = tmp_path / "security", Log()
    path.touch()
    async with following(log, path) as made:
        await begun(log)
        append(path, refusal(0, "1000"), refusal(10, "1001"))
        await until(lambda: len(log.events) == 2)
        path.write_bytes(refusal(100, "1002") + b"\n")
        await until(lambda: len(log.events) == 3)
        assert made.status.rejected == 1
        assert "emptied or replaced" in made.status.unread_reason
    assert accounts(log) == ["1000", "1001", "1002"]
    assert [letter.reason for letter in log.letters] == [made.status.unread_reason]


async def test_a_file_that_was_emptied_and_has_grown_beyond_what_was_read_is_noticed(tmp_path: Path) -> None:
    path, log = tmp_path / "security", Log()
    path.touch()
    async with following(log, path):
        await begun(log)
        append(path, refusal(0, "1000"))
        await until(lambda: len(log.events) == 1)
    copied(path)
    append(path, *(refusal(100 * second, f"{1000 + second}") for second in range(1, 6)))
    async with following(log, path):
        await until(lambda: len(log.events) == 6)
    assert accounts(log) == [f"{1000 + number}" for number in range(6)]


async def test_half_a_line_waits_for_its_end_and_for_nothing_where_the_file_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.sources.tail.LINGERS_SECONDS", 0.2)
    path, log = tmp_path / "security", Log()
    path.touch()
    half, other = refusal(0, "1000"), refusal(100, "1001")
    async with following(log, path) as made:
        await begun(log)
        with path.open("ab", buffering=0) as opened:
            opened.write(half[:60])
            await until(lambda: made._clock() - made._read_at > 0.1)
            assert not log.events
            opened.write(half[60:] + b"\n" + other)
            await until(lambda: len(log.events) == 1)
        renamed(path)
        await until(lambda: len(log.events) == 2)
        append(path, refusal(200, "1002"))
        await until(lambda: len(log.events) == 3)
        assert [place.inode for tail in made._tails.values() for place in tail.places] == [path.stat().st_ino]
    assert accounts(log) == ["1000", "1001", "1002"]


@pytest.mark.parametrize("restarted", [False, True], ids=["followed on", "killed between its lines"])
@pytest.mark.parametrize("first", ["security", "messages"])
async def test_two_logs_of_one_pbx_tell_of_a_refusal_once(first: str, restarted: bool, tmp_path: Path) -> None:
    logs = {name: tmp_path / name for name in ("messages", "security")}
    other, log = next(name for name in logs if name != first), Log()
    for path in logs.values():
        append(path, refusal(0, "before us"))

    def read(name: str) -> bool:
        return f'"offset":{logs[name].stat().st_size},'.encode() in log.places["files/hq/asterisk-log"]

    numbers = range(1, 12)
    stack = AsyncExitStack()
    await stack.enter_async_context(following(log, *logs.values(), quiet=60))
    await begun(log)
    for number in numbers:
        for name in (first, other):
            append(logs[name], refusal(10 * number, f"{1000 + number}", text=name == "messages"))
            await until(partial(read, name))
            if restarted and name == first:
                await stack.aclose()
                await stack.enter_async_context(following(log, *logs.values(), quiet=60))
    await stack.aclose()
    async with following(log, *logs.values()):
        await until(log.settled)
    assert accounts(log) == [f"{1000 + number}" for number in numbers]
    assert {event.trust for event in log.events} == {None}


async def test_the_backlog_of_two_logs_is_merged_by_time(tmp_path: Path) -> None:
    security, messages, log = tmp_path / "security", tmp_path / "messages", Log()
    security.touch()
    messages.touch()
    async with following(log, messages, security):
        await begun(log)
    append(messages, *(refusal(10 * number, f"{1000 + number}", text=True) for number in range(1_500)))
    append(security, *(refusal(10 * number, f"{1000 + number}") for number in range(1_500)))
    async with following(log, messages, security):
        await until(lambda: len(log.events) >= 1_499 and log.settled())
    assert accounts(log) == [f"{1000 + number}" for number in range(1_500)]


async def test_what_is_not_there_or_no_file_is_told_and_tried_again(tmp_path: Path) -> None:
    path, log = tmp_path / "later" / "security", Log()
    async with following(log, path) as made:
        await until(lambda: made.status.problem)
        assert made.status.problem == f"{path}: No such file or directory"
        assert not made.status.connected
        assert made.status.heard_at is None
        path.mkdir(parents=True)
        await until(lambda: "not a file" in (made.status.problem or ""))
        path.rmdir()
        append(path, refusal(0, "1000"))
        await until(lambda: log.events)
        await until(lambda: made.status.connected and made.status.problem is None and made.status.heard_at)
    assert accounts(log) == ["1000"]


async def test_what_a_pattern_finds_later_is_read_from_its_beginning_and_what_was_rotated_is_not(
    tmp_path: Path,
) -> None:
    log = Log()
    append(tmp_path / "a.log", refusal(0, "long ago"))
    append(tmp_path / "a.1.log", refusal(0, "longer ago"))
    async with following(log, tmp_path / "*.log"):
        await begun(log)
        append(tmp_path / "b.log", refusal(100, "1000"))
        await until(lambda: len(log.events) == 1)
    append(tmp_path / "c.log", refusal(200, "1001"))
    async with following(log, tmp_path / "*.log"):
        await until(lambda: len(log.events) == 2)
        append(tmp_path / "a.log", refusal(300, "1002"))
        await until(lambda: len(log.events) == 3)
    assert accounts(log) == ["1000", "1001", "1002"]


async def test_no_more_is_read_than_the_log_takes(tmp_path: Path) -> None:
    path, log = tmp_path / "security", Log()
    path.touch()
    lines = [refusal(10 * number, f"{1000 + number}") for number in range(2_000)]
    async with following(log, path) as made:
        await begun(log)
        log.taking.clear()
        append(path, *lines)
        await until(lambda: made._readers)
        read = sum(len(line) + 1 for line in lines[:500])
        await until(lambda: made._tails[str(path)].places[0].offset == read)
        assert not log.events
        log.taking.set()
        await until(lambda: len(log.events) == 2_000)
    assert accounts(log) == [f"{1000 + number}" for number in range(2_000)]


async def test_lines_without_an_end_take_no_memory(tmp_path: Path) -> None:
    path, log = tmp_path / "security", Log()
    path.touch()
    async with following(log, path) as made:
        await begun(log)
        append(path, refusal(0, "1000") + b"x" * 5_000_000, refusal(10, "1001"))
        await until(lambda: len(log.events) == 1)
        assert made.status.rejected == 1
    assert accounts(log) == ["1001"]
