"""Lists and host names are kept up to date while the service runs, and the log says which are in force."""

import asyncio
import os
from pathlib import Path

import pytest

from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.config.installation import Installation, core_settings
from streams.lists.list_keeper import ListKeeper
from streams.runtime.tables import first_lists, tables
from streams.store.list_copies import ListCopies
from streams.store.migrate import opened
from streams.store.store_errors import UnavailableError
from tests.streams.lists.list_server import list_server

RULES = {"source.denied": {"deny": ["bad.example", "203.0.113.0/24"], "allow": ["good.example"]}}


class Announced:
    """The log as the keeper sees it."""

    def __init__(self):
        self.events = []
        self.away = False

    async def put(self, events):
        if self.away:
            raise UnavailableError("away")
        self.events.extend(events)


class World:
    """An installation with its database, its log, and a resolver that says what it is told to say."""

    def __init__(self, folder: Path, **settings):
        given = {"pbxs": [{"id": "hq", "trunks": {"carrier": {"hosts": ["192.0.2.250"]}}}]} | settings
        self.settings = Installation.model_validate(given)
        self.policies = Policies(core_settings(self.settings), catalogue())
        self.copies = ListCopies(opened(f"sqlite:///{folder}/stream.db", "stream"))
        self.log = Announced()
        self.names = {}
        self.now = 0.0
        self.keeper = self.start()

    def start(self, meanwhile=lambda: None):
        lists = first_lists(self.settings, self.copies)
        meanwhile()
        self.tables = tables(self.settings, self.copies, lists)
        return ListKeeper(self.settings, self.policies, self.tables, lists, self.copies, self.resolve)

    async def resolve(self, name):
        if name not in self.names:
            raise OSError("no such name")
        return self.names[name]

    async def look(self, seconds=10.0):
        self.now += seconds
        await self.keeper.look(self.log.put, self.now)

    def digests(self):
        return [event.tables.get("block_lists") for event in self.log.events]


def with_file(tmp_path, content="203.0.113.7\n"):
    file = tmp_path / "bad.netset"
    file.write_text(content)
    return file, World(tmp_path, block_lists=[{"name": "bad", "file": str(file)}])


def rewrite(file, content, at):
    file.write_text(content)
    os.utime(file, (at, at))


def test_a_file_that_changes_while_we_start_is_read_again(tmp_path) -> None:
    file, world = with_file(tmp_path)
    world.keeper = world.start(lambda: rewrite(file, "203.0.113.8\n", 2_000_000_000))

    async def run():
        for _ in range(3):
            await world.look()

    asyncio.run(run())
    (digest,) = world.digests()
    assert world.tables.find_lists(digest).find("203.0.113.8") is not None


def test_a_file_that_changes_is_read_again_and_announced_by_its_digest(tmp_path) -> None:
    file, world = with_file(tmp_path)

    async def run():
        await world.look()
        assert world.log.events == []
        rewrite(file, "203.0.113.8\n10.0.0.1\n192.0.2.250\n", 2_000_000_000)
        await world.look()
        await world.look()
        await world.look()

    asyncio.run(run())
    (digest,) = world.digests()
    lists = world.tables.find_lists(digest)
    assert digest == world.keeper.digests["block_lists"] != world.tables.digests["block_lists"]
    assert lists.find("203.0.113.8") is not None
    assert lists.find("203.0.113.7") is None
    (status,) = world.keeper.statuses
    assert (status.entries, status.refused, status.problem) == (1, {"own": 1, "private": 1}, None)


@pytest.mark.parametrize("content", [None, "hello\n", "0.0.0.0/0\n"])
def test_a_file_that_cannot_be_used_any_more_is_told_and_the_old_list_stays(tmp_path, content) -> None:
    file, world = with_file(tmp_path)

    async def run():
        if content is None:
            file.unlink()
        else:
            rewrite(file, content, 2_000_000_000)
        for _ in range(3):
            await world.look()
        assert world.log.events == []
        (status,) = world.keeper.statuses
        assert status.problem is not None
        assert status.entries == 1
        rewrite(file, "203.0.113.9\n", 2_000_000_100)
        for _ in range(3):
            await world.look()

    asyncio.run(run())
    assert len(world.log.events) == 1
    assert world.keeper.statuses[0].problem is None


def test_what_the_log_did_not_take_is_announced_later(tmp_path) -> None:
    file, world = with_file(tmp_path)

    async def run():
        rewrite(file, "203.0.113.8\n", 2_000_000_000)
        await world.look()
        world.log.away = True
        with pytest.raises(UnavailableError):
            await world.look()
        assert world.keeper.digests == world.tables.digests
        world.log.away = False
        await world.look()

    asyncio.run(run())
    assert world.digests() == [world.keeper.digests["block_lists"]]


def test_a_list_is_fetched_when_it_is_time_and_a_failure_leaves_the_old_one(tmp_path) -> None:
    async def run():
        async with list_server() as server:
            world = World(tmp_path, block_lists=[{"name": "bad", "url": server.url(), "every": "1h"}])
            assert world.keeper.statuses[0].at is None
            server.answers["/list"] = (200, {"ETag": '"1"'}, b"203.0.113.7\n10.0.0.0/8\n")
            await world.look()
            await world.look(3_590)
            assert len(server.asked) == 1
            await world.look(10)
            assert server.asked[1][1]["if-none-match"] == '"1"'
            server.answers["/list"] = (503, {}, b"")
            await world.look(3_600)
            assert "503" in world.keeper.statuses[0].problem
            assert world.keeper.statuses[0].entries == 1
            server.answers["/list"] = (200, {"ETag": '"2"'}, b"203.0.113.8\n")
            await world.look(299)
            assert len(world.log.events) == 1
            await world.look(1)
            assert len(world.log.events) == 2
            assert world.keeper.statuses[0].problem is None
            first, second = (world.tables.find_lists(digest) for digest in world.digests())
            assert [bool(first.find(f"203.0.113.{n}")) for n in (7, 8)] == [True, False]
            assert [bool(second.find(f"203.0.113.{n}")) for n in (7, 8)] == [False, True]
            return world

    world = asyncio.run(run())
    again = tables(world.settings, world.copies)  # no server any more
    assert again.block_lists.find("203.0.113.8") is not None
    assert again.digests["block_lists"] == world.digests()[-1]


@pytest.mark.parametrize("body", [b"", b"0.0.0.0/0\n", b"<html>not here</html>"])
def test_a_server_that_sends_no_list_changes_nothing(tmp_path, body) -> None:
    async def run():
        async with list_server() as server:
            world = World(tmp_path, block_lists=[{"name": "bad", "url": server.url(), "every": "1h"}])
            server.answers["/list"] = (200, {}, body)
            await world.look()
            return world

    world = asyncio.run(run())
    assert world.log.events == []
    assert world.keeper.statuses[0].problem is not None


def test_what_has_become_ours_is_left_out_of_a_list_that_was_kept(tmp_path) -> None:
    async def run():
        async with list_server() as server:
            source = {"name": "bad", "url": server.url()}
            world = World(tmp_path, block_lists=[source])
            server.answers["/list"] = (200, {}, b"203.0.113.7\n203.0.113.8\n")
            await world.look()
            return World(tmp_path, block_lists=[source], defaults={"protected": ["203.0.113.7"]})

    world = asyncio.run(run())
    assert [bool(world.tables.block_lists.find(f"203.0.113.{n}")) for n in (7, 8)] == [False, True]
    assert world.keeper.statuses[0].refused == {"own": 1}


def test_host_names_are_asked_again_and_again_and_what_they_stand_for_is_announced(tmp_path) -> None:
    world = World(tmp_path, defaults={"rules": RULES})
    told = []

    async def run():
        for seconds, names in (
            (10, {"bad.example": ["203.0.113.7", "10.0.0.1", "192.0.2.250"]}),
            (290, {"bad.example": ["203.0.113.9"]}),
            (10, {"bad.example": ["203.0.113.9"]}),
            (300, {}),
            (300, {"bad.example": ["203.0.113.9"], "good.example": ["2001:4860::1"]}),
        ):
            world.names = names
            await world.look(seconds)
            told.append([each for event in world.log.events for each in event.hosts.items()])
            world.log.events.clear()
            if not names:
                assert world.keeper.statuses[0].problem == "cannot be resolved: bad.example, good.example"

    asyncio.run(run())
    assert told == [
        [("bad.example", ("203.0.113.7",))], [], [("bad.example", ("203.0.113.9",))], [],
        [("good.example", ("2001:4860::1",))],
    ]  # fmt: skip


def test_only_the_newest_copies_of_a_list_are_kept(tmp_path) -> None:
    file, world = with_file(tmp_path)

    async def run():
        for n in range(25):
            rewrite(file, f"203.0.113.{n}\n", 2_000_000_000 + n)
            await world.look()
            await world.look()

    asyncio.run(run())
    digests = world.digests()
    assert len(digests) == 25
    fresh = tables(world.settings, world.copies)
    assert [fresh.find_lists(digest) is not None for digest in digests] == [False] * 5 + [True] * 20
