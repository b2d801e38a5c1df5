"""What is known of a time in which nobody listened to a real Asterisk: each call once, and what is lost is said."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from streams.asterisk.asterisk_pbx import AsteriskConnection
from streams.asterisk.make import MAKE
from streams.pbxs.pbx import NoMemory
from tests.asterisk import AMI_PORT, STOLEN, Asterisk
from tests.detector.engine import builders
from tests.streams.asterisk.conftest import installed
from tests.streams.asterisk.test_ami_source import Log, listening, until
from tests.streams.asterisk.test_asterisk_actions import LONDON, SOMALIA, called, up


class Cable:
    """What lies between us and a manager interface, and can be cut."""

    def __init__(self, far: str) -> None:
        self._far = far
        self._ends: set[asyncio.StreamWriter] = set()
        self._joints: set[asyncio.Task[None] | None] = set()
        self._cut = False

    async def lay(self) -> int:
        """The port of our end."""
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def cut(self) -> None:
        self._cut = True
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    def mend(self) -> None:
        self._cut = False

    async def take_up(self) -> None:
        self.cut()
        self._server.close()
        await asyncio.gather(*filter(None, self._joints))

    async def _joined(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        if self._cut:
            back.transport.abort()
            return
        self._joints.add(asyncio.current_task())
        far, out = await asyncio.open_connection(self._far, AMI_PORT)
        self._ends |= {back, out}
        await asyncio.gather(carry(near, out), carry(far, back))


async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            target.write(data)
    target.close()


@pytest_asyncio.fixture
async def cable(pbx: Asterisk) -> AsyncIterator[Cable]:
    laid = Cable(pbx.manager)
    yield laid
    await laid.take_up()


@pytest_asyncio.fixture
async def over(cable: Cable) -> AsyncIterator[AsteriskConnection]:
    made = MAKE.connect(*installed("127.0.0.1", port=await cable.lay()), NoMemory())
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def nothing_left(pbx: Asterisk) -> Iterator[None]:
    yield
    pbx.cli("channel request hangup all")
    while pbx.channels():
        pass


def records_of(pbx: Asterisk) -> Path:
    return pbx.folder / "log" / "cdr-csv" / "Master.csv"


@pytest.mark.parametrize("filed", [True, False], ids=["from Master.csv", "without it"])
async def test_calls_that_ended_while_the_line_was_cut(
    pbx: Asterisk, over: AsteriskConnection, cable: Cable, filed: bool
) -> None:
    log = Log()
    async with listening(over, log, records=records_of(pbx) if filed else None) as source:
        assert await called(pbx, "1001", LONDON) == {"answered": 1}
        running = await up(pbx, STOLEN, SOMALIA)
        await until(lambda: len(log.calls("answered")) == 2 and len(log.calls("ended")) >= 2)
        cable.cut()
        await until(lambda: not source.status.connected)
        assert [await called(pbx, "1002", LONDON) for _ in range(3)] == [{"answered": 1}] * 3
        pbx.cli("channel request hangup all")
        assert await asyncio.to_thread(running.ended) == {"answered": 1, "cut": 1}
        await asyncio.sleep(1)
        cable.mend()
        await until(lambda: source.status.connects == 2 and source.status.gap)
        assert await called(pbx, "1001", LONDON) == {"answered": 1}
        await until(lambda: len({one.call_id for one in log.calls("ended")}) == (6 if filed else 3))
    ended = {one.call_id: one.to for one in log.calls("ended")}
    assert Counter(ended.values()) == {LONDON: 5 if filed else 2, SOMALIA: 1}
    [theirs] = [one for one in log.calls("ended") if one.to == SOMALIA]
    assert theirs.id.startswith("cdr:") is filed, "exactly from its record, else as seen when we were back"
    assert ("stand in Master.csv" if filed else "nothing is known") in source.status.gap


@pytest.mark.parametrize("filed", [True, False], ids=["from Master.csv", "without it"])
async def test_a_call_that_was_up_before_we_were_started_anew_and_is_no_more(
    pbx: Asterisk, connection: AsteriskConnection, filed: bool
) -> None:
    log, engine = Log(), builders.engine()
    async with listening(connection, log):
        gone, there = await up(pbx, STOLEN, SOMALIA), await up(pbx, "1001", LONDON)
        await until(lambda: len(log.calls("answered")) == 2)
    for event in log.events.values():
        engine.process(event)
    [theirs] = [one for one in log.calls("started") if one.extension == STOLEN]
    assert engine.calls_up() == 2
    since = datetime.now(UTC)
    pbx.cli(f"channel request hangup {theirs.channel}")
    assert await asyncio.to_thread(gone.ended) == {"answered": 1, "cut": 1}
    later = Log()
    known = {"up": engine.legs_of("hq"), "since": since, "records": records_of(pbx) if filed else None}
    async with listening(connection, later, **known):
        await until(lambda: [one for one in later.calls("ended") if one.call_id == theirs.call_id])
    for event in later.events.values():
        engine.process(event)
    assert engine.calls_up() == 1
    [end] = [one for one in later.calls("ended") if one.call_id == theirs.call_id]
    assert (end.id.startswith("cdr:"), end.extension, end.trunk) == (filed, STOLEN, "carrier")
    there.stop()


async def test_a_file_that_cannot_be_read_is_said(pbx: Asterisk, connection: AsteriskConnection) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    async with listening(connection, Log(), records=pbx.folder / "nowhere.csv", since=since) as source:
        await until(lambda: source.status.gap)
        assert "nowhere.csv cannot be read (FileNotFoundError)" in source.status.gap
