"""Checkpoints: whole or not at all, by their owner only, never backwards."""

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import Engine

from streams.store.checkpoints import NOTHING, SqlCheckpoints
from streams.store.store_errors import Fenced, OffsetError

SAVES = """
import sys
from streams.store.checkpoints import SqlCheckpoints
from streams.store.database import open_engine
checkpoints = SqlCheckpoints(open_engine(sys.argv[1]))
epoch = checkpoints.claim(7)
offset = checkpoints.load(7).offset
while True:
    offset += 1
    body = str(offset).encode()
    pages = {f"page {n}": body for n in range(200)} | {f"only {offset}": body, f"only {offset - 1}": None}
    checkpoints.save(7, epoch, offset, pages)
    print(offset, flush=True)
"""


def test_nothing_saved_yet(engine: Engine) -> None:
    checkpoint = SqlCheckpoints(engine).load(3)
    assert checkpoint.offset == NOTHING
    assert list(checkpoint.pages) == []


def test_pages_are_set_replaced_and_removed(engine: Engine) -> None:
    checkpoints = SqlCheckpoints(engine)
    epoch = checkpoints.claim(0)
    checkpoints.save(0, epoch, 5, {"a": b"1", "b": b"2", "nul\x00\udcff": b"\x00"})
    checkpoints.save(0, epoch, 5, {"a": None, "b": b"3"})
    checkpoint = checkpoints.load(0)
    assert checkpoint.offset == 5
    assert dict(checkpoint.pages) == {"b": b"3", "nul\x00\udcff": b"\x00"}
    checkpoints.save(0, epoch, 6, {})
    assert checkpoints.load(0).offset == 6


def test_partitions_do_not_touch_each_other(engine: Engine) -> None:
    checkpoints = SqlCheckpoints(engine)
    first, second = checkpoints.claim(1), checkpoints.claim(2)
    checkpoints.save(1, first, 10, {"k": b"one"})
    checkpoints.save(2, second, 3, {"k": b"two"})
    checkpoints.save(1, first, 11, {"k": None})
    assert dict(checkpoints.load(2).pages) == {"k": b"two"}
    assert (checkpoints.load(1).offset, checkpoints.load(2).offset) == (11, 3)


def test_a_former_owner_is_fenced_and_changes_nothing(engine: Engine) -> None:
    checkpoints = SqlCheckpoints(engine)
    stale = checkpoints.claim(1)
    checkpoints.save(1, stale, 10, {"k": b"old"})
    owner = checkpoints.claim(1)
    assert owner == stale + 1
    with pytest.raises(Fenced):
        checkpoints.save(1, stale, 11, {"k": b"stale", "new": b"stale"})
    assert dict(checkpoints.load(1).pages) == {"k": b"old"}
    checkpoints.save(1, owner, 11, {"k": b"new"})
    assert dict(checkpoints.load(1).pages) == {"k": b"new"}


def test_who_never_claimed_is_fenced(engine: Engine) -> None:
    with pytest.raises(Fenced):
        SqlCheckpoints(engine).save(1, 0, 1, {})


def test_offsets_do_not_go_back(engine: Engine) -> None:
    checkpoints = SqlCheckpoints(engine)
    epoch = checkpoints.claim(1)
    checkpoints.save(1, epoch, 10, {"k": b"10"})
    with pytest.raises(OffsetError):
        checkpoints.save(1, epoch, 9, {"k": b"9"})
    assert dict(checkpoints.load(1).pages) == {"k": b"10"}


def test_a_load_is_one_snapshot(engine: Engine) -> None:
    checkpoints = SqlCheckpoints(engine)
    epoch = checkpoints.claim(1)
    checkpoints.save(1, epoch, 1, {f"{n:05}": b"1" for n in range(3_000)})
    checkpoint = checkpoints.load(1)
    first = next(checkpoint.pages)
    checkpoints.save(1, epoch, 2, {f"{n:05}": b"2" for n in range(3_000)})
    assert checkpoint.offset == 1
    assert {value for _, value in [first, *checkpoint.pages]} == {b"1"}


def test_killed_in_the_middle_pages_agree_with_the_offset(engine: Engine, migrated_url: str) -> None:
    checkpoints = SqlCheckpoints(engine)
    reached = NOTHING
    for delay in (0.02, 0.031, 0.043):
        said = until_killed(migrated_url, delay)
        checkpoint = checkpoints.load(7)
        body = str(checkpoint.offset).encode()
        wanted = {f"page {n}": body for n in range(200)} | {f"only {checkpoint.offset}": body}
        assert dict(checkpoint.pages) == wanted
        assert reached < said <= checkpoint.offset <= said + 1
        reached = checkpoint.offset


def until_killed(url: str, delay: float) -> int:
    """The last offset a child reported as saved before it was killed, `delay` seconds after its first."""
    child = subprocess.Popen([sys.executable, "-c", SAVES, url], stdout=subprocess.PIPE, cwd=os.getcwd())
    assert child.stdout is not None
    first = child.stdout.readline()
    assert first, "the child ended before its first save"
    time.sleep(delay)
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate()
    return int((first + rest).split(b"\n")[-2])
