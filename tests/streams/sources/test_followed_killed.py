"""Killed with -9 behind and before any write to a real log, nothing of a followed file is lost or doubled there."""

import asyncio
import contextlib
import os
import random
import time
from pathlib import Path

from detector.contract.codec import Codec
from detector.contract.events import Registration
from streams.config.sources.followed_settings import FollowedFiles, LogFormat
from streams.sources.file_place import decode_taken
from streams.sources.file_source import FileSource
from tests.streams.runtime.embedded_child import Opened, arrange_death
from tests.streams.sources.following import OPTIONS, append, refusal

LINES = 3_000


async def follow(data: Path, path: Path, writes: int) -> None:
    """Follow until all was taken in, or until it dies behind so many writes."""
    opened = Opened(data)
    opened.runtime.archived = lambda: 0  # nothing of the log is cut
    await opened.runtime.recover()
    arrange_death(opened, "append_and_publish", writes)
    files = FollowedFiles(format=LogFormat.ASTERISK_LOG, paths=(str(path),))
    made = FileSource(files, OPTIONS, opened.runtime, pace=0.001, quiet=0.2)
    tasks = [asyncio.create_task(opened.runtime.run()), asyncio.create_task(made.run())]
    while not all_taken(await opened.runtime.place(made._name), path):  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0.01)
    for task in reversed(tasks):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await opened.runtime.close()
    opened.dispose()


def all_taken(kept: bytes | None, path: Path) -> bool:
    """Whether it was taken in to the end of the file that stands there now."""
    taken, found = decode_taken(kept), path.stat()
    return taken is not None and taken.settled and (taken.places[-1].inode, taken.places[-1].offset) == (
        found.st_ino, found.st_size
    )  # fmt: skip


def child(data: Path, path: Path, writes: int, kill_after: float | None = None) -> bool:
    """Whether a process of its own came to the end of the file."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            asyncio.run(follow(data, path, writes))
            code = 0
        finally:
            os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert ended in (0, -9)
    return ended == 0


def test_killed_at_writes_and_at_any_other_moment(tmp_path: Path) -> None:
    rng = random.Random(15)  # noqa: S311 - to be repeated, not secret
    path, data = tmp_path / "security", tmp_path / "data"
    data.mkdir()
    append(path)
    assert child(data, path, 1_000_000)
    lines = [refusal(10 * number, f"{10_000 + number}") for number in range(LINES)]
    kills = written = 0
    while True:
        piece = lines[written : written + 300]
        written += len(piece)
        append(path, *piece)
        if written == 1_500:
            path.rename(path.with_name("security.1"))
            append(path)
        at_a_write = rng.random() < 0.6
        through = child(data, path, rng.randint(1, 3) if at_a_write else 1_000_000,
                        None if at_a_write else rng.uniform(0.05, 0.3))  # fmt: skip
        kills += not through
        if through and written == LINES:
            break
    opened, codec = Opened(data), Codec(trusted=True)
    events = [event for _, raw in opened.store.read(0, 1_000_000) for event in codec.decode(raw)]
    opened.dispose()
    refused = [event.account for event in events if isinstance(event, Registration)]
    assert kills > 5
    assert refused == [f"{10_000 + number}" for number in range(LINES)]
