"""What is in the log comes into the archive once, whatever ends the process; the log waits for it."""

import asyncio
import gc
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from detector.contract.codec import Codec
from streams.archive import Archive, ArchiveError, read
from streams.archive.keeper import Keeper
from streams.archive.layout import parts
from streams.archive.tidying import tidy
from streams.cli.import_command import import_history
from streams.config.installation import Installation
from streams.processes.run import Service
from streams.store.archived import Archived
from streams.store.database import open_engine
from streams.store.migrate import migrate
from streams.store.stream import StreamStore
from tests.ports import free_ports
from tests.streams.archive.conftest import ftp_server
from tests.streams.archive.traffic import call
from tests.streams.runtime.embedded_child import Opened, dying

CODEC = Codec()


class Log:
    """The log of a service, its position in the archive, and what copies it."""

    def __init__(self, data: Path, url: str | None = None) -> None:
        self.engine = open_engine(f"sqlite:///{data}/stream.db")
        migrate(self.engine, "stream")
        self.store = StreamStore(self.engine)
        self.archived = Archived(self.engine)
        self.archive = Archive(url or str(data / "archive"))
        self.keeper = Keeper(self.archive, self.store, self.archived, 0.0)

    def add(self, first: int, last: int) -> None:
        self.store.append_and_publish([("hq", CODEC.encode(call(number))) for number in range(first, last)])

    def ids(self) -> list[str]:
        return [event.id for event in read(self.archive)]


def test_a_crash_between_file_and_position_copies_the_batch_again_into_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path)
    log.add(1, 5)

    def dying(_: int) -> None:
        raise KeyboardInterrupt

    log.archived.advance = dying  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        log.keeper.step()
    again = Log(tmp_path)
    assert again.archived.log == log.archived.log
    again.keeper.step()
    assert again.ids() == ["c1", "c2", "c3", "c4"]
    assert len(parts(again.archive.files, again.archive.days()[0])) == 1
    again.add(5, 7)
    Log(tmp_path).keeper.step()
    assert again.ids() == ["c1", "c2", "c3", "c4", "c5", "c6"]


def test_a_store_that_is_away_keeps_the_position(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("")
    log = Log(tmp_path, str(tmp_path / "blocked"))
    log.add(1, 3)
    with pytest.raises(ArchiveError):
        log.keeper.step()
    assert Archived(log.engine).offset == 0


def test_what_was_cut_while_there_was_no_archive_is_passed_over(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.add(1, 3)
    log.store.cut(2)
    again = Log(tmp_path)
    assert again.archived.offset == 2
    assert not again.keeper.due()
    again.add(3, 4)
    again.keeper.step()
    assert again.ids() == ["c3"]


async def test_the_log_is_cut_only_behind_what_is_archived(tmp_path: Path) -> None:
    opened = Opened(tmp_path)
    archived = Archived(opened.store._engine)
    opened.runtime.archived = lambda: archived.offset
    await opened.runtime.recover()
    task = asyncio.create_task(opened.runtime.run())
    await opened.runtime.put([call(1), call(2)])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await opened.runtime.close()
    assert [offset for offset, _ in opened.store.read(0, 10)] == [1, 2]
    Keeper(Archive(str(tmp_path / "a")), opened.store, archived, 0.0).step()
    assert [event.id for event in read(str(tmp_path / "a"))] == ["c1", "c2"]
    opened.dispose()


async def test_tidying_puts_old_days_together_and_forgets_those_beyond_retention(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.archive.write("a", [(1, call(1))])
    log.archive.write("a", [(2, call(2))])
    log.archive.write("a", [(3, call(3, pbx="short"))])
    task = asyncio.create_task(
        tidy(log.archive, lambda pbx: timedelta(days=1 if pbx == "short" else 100_000))
    )  # fmt: skip
    async with asyncio.timeout(20):
        while [len(parts(log.archive.files, day)) for day in log.archive.days()] != [1]:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.02)
    task.cancel()
    assert log.ids() == ["c1", "c2"]


@pytest.mark.parametrize(("point", "count"), [("write", 1), ("write", 2), ("write", 3), ("advance", 1), ("advance", 2)])
def test_killed_behind_any_step_it_goes_on_and_every_event_is_there_once(
    tmp_path: Path, point: str, count: int
) -> None:
    log = Log(tmp_path)
    for pbx in ("hq", "branch", "plant"):
        log.store.append_and_publish([(pbx, CODEC.encode(call(number, pbx=pbx))) for number in range(5)])
    log.engine.dispose()
    pid = os.fork()
    if not pid:
        try:
            child = Log(tmp_path)
            owner: Any = child.archive.files if point == "write" else child.archived
            setattr(owner, point, dying(getattr(owner, point), count))
            child.keeper.step()
            child.add(5, 7)
            child.keeper.step()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    after = Log(tmp_path)
    if not after.store.next_offset() > 16:
        after.add(5, 7)
    while after.keeper.due():
        after.keeper.step()
    events = [(event.pbx, event.id) for event in read(after.archive)]
    wanted = [(pbx, f"c{number}") for pbx in ("branch", "hq", "plant") for number in range(5)]
    assert sorted(events) == sorted([*wanted, ("hq", "c5"), ("hq", "c6")])
    assert after.archived.offset == 17


async def test_the_service_archives_what_it_was_taught_and_keeps_it_in_the_log_until_then(tmp_path: Path) -> None:
    place = str(tmp_path / "kept")
    (tmp_path / "data").mkdir()
    settings = Installation.model_validate({
        "data": tmp_path / "data", "archive": {"url": place, "every": 0.1}, "pbxs": [{"id": "hq"}],
        "console": {"port": free_ports(1)}, "metrics": {"run": 0},
    })  # fmt: skip
    await import_history(Service(settings), [call(1), call(2)])
    service = Service(settings)
    ready = asyncio.Event()
    running = asyncio.create_task(service.run(lambda _: ready.set()))
    async with asyncio.timeout(60):
        await ready.wait()
        while len([event for event in read(place) if event.pbx == "hq"]) < 2:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.1)
    service.stop()
    await running
    gc.unfreeze()  # what the service has taken out of sight is searched by the end of other tests
    assert [event.id for event in read(place, pbxs=["hq"])] == ["c1", "c2"]


async def test_a_service_starts_and_works_while_its_archive_is_away_and_fills_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.archive.keeper.REST", 0.1)
    (tmp_path / "data").mkdir()
    port = free_ports(1)
    place = f"ftp://127.0.0.1:{port}/kept"
    settings = Installation.model_validate({
        "data": tmp_path / "data", "archive": {"url": place, "every": 0.1}, "pbxs": [{"id": "hq"}],
        "console": {"port": free_ports(1)}, "metrics": {"run": 0},
    })  # fmt: skip
    service = Service(settings)
    ready = asyncio.Event()
    running = asyncio.create_task(service.run(lambda _: ready.set()))
    async with asyncio.timeout(60):
        await ready.wait()
        await service.runtime.put([call(1)])
        while service._archive_up():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)
        (tmp_path / "served").mkdir()
        with ftp_server(tmp_path / "served", port):
            while not service._archive_up():  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.05)
            assert "c1" in [event.id for event in read(place)]
            service.stop()
            await running
    gc.unfreeze()


def test_no_service_has_an_archive_unless_one_is_named(tmp_path: Path) -> None:
    service = Service(Installation.model_validate({"data": tmp_path}))
    assert service.runtime.archived is None
