"""One part that fails ends a process, a signal does so in good order, and what hangs holds it up only for a while."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from streams.processes import supervise
from streams.processes.supervise import ended, until_signal, until_stopped


async def working() -> None:
    await asyncio.sleep(60)


async def failing() -> None:
    raise OSError("gone")


async def leaving() -> None:
    return


@pytest.mark.parametrize(
    ("part", "error", "said"),
    [(failing, OSError, "gone"), (leaving, RuntimeError, "second ended by itself")],
    ids=["a part fails", "a part ends without being asked"],
)
async def test_what_ends_one_part_ends_the_process_and_is_said(
    part: Callable[[], Coroutine[Any, Any, None]], error: type[Exception], said: str
) -> None:
    parts = [asyncio.create_task(working(), name="first"), asyncio.create_task(part(), name="second")]
    with pytest.raises(error, match=said):
        await until_stopped(asyncio.Event(), parts)
    await ended(parts, cancel=True)
    assert all(part.done() for part in parts)


async def test_who_is_stopped_and_ends_has_not_failed() -> None:
    stop = asyncio.Event()
    parts = [asyncio.create_task(working(), name="works")]
    stop.set()
    await until_stopped(stop, parts)
    await ended(parts, cancel=True)


async def test_what_does_not_end_in_time_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "PATIENCE", 0.01)
    late = asyncio.create_task(working())
    await ended([late])
    assert late.cancelled()


async def test_what_a_part_raised_on_the_way_out_is_nobodys_error_any_more() -> None:
    await ended([asyncio.create_task(failing())])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_a_process_in_good_order(number: signal.Signals) -> None:
    told: list[str] = []

    class Trial:
        def __init__(self) -> None:
            self._stop = asyncio.Event()

        def stop(self) -> None:
            told.append("stop")
            self._stop.set()

        async def run(self, ready: Callable[[str], None]) -> None:
            ready("ready")
            os.kill(os.getpid(), number)
            await self._stop.wait()
            told.append("end")

    await until_signal(Trial, told.append)
    assert told == ["ready", "stop", "end"]
