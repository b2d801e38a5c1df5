"""The way to the manager interface: on a real one, and on one that answers as nobody should."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from streams.asterisk.ami import ManagerPlace, place_of
from streams.asterisk.ami_client import AmiClient
from streams.asterisk.asterisk_pbx import AsteriskConnection
from streams.asterisk.make import MAKE
from streams.asterisk.manager_login import ManagerLogin
from streams.pbxs.pbx import Fence, LoginMemory, NoMemory
from streams.pbxs.pbx_errors import (
    AccessDenied,
    BadCredentials,
    BadParameter,
    LockedOut,
    NotFound,
    NotOurs,
    NotSupported,
    PbxError,
    Unreachable,
)
from streams.pbxs.tls_context import tls
from tests.asterisk import AMI_PORT, SECRET, Asterisk
from tests.streams.asterisk.conftest import installed


class Kept(NoMemory):
    """Outlives a client, as a file does."""

    def __init__(self) -> None:
        self.kept: bytes | None = None

    def load(self) -> bytes | None:
        return self.kept

    async def save(self, kept: bytes) -> None:
        self.kept = kept

    def name(self, credentials: str) -> str:
        return hashlib.sha256(credentials.encode()).hexdigest()


def client(host: str, secret: str = SECRET, memory: LoginMemory | None = None, fence: Fence | None = None,
           port: int = AMI_PORT) -> AmiClient:  # fmt: skip
    login = ManagerLogin("ringfence", SecretStr(secret), memory or NoMemory(), fence)
    return AmiClient(ManagerPlace(host, port), login, within=0.5)


async def test_after_two_refused_logins_nobody_tries_again_not_even_a_new_process(pbx: Asterisk) -> None:
    memory = Kept()
    for error in (BadCredentials, BadCredentials, LockedOut):
        with pytest.raises(error):
            await AmiClient(
                ManagerPlace(pbx.manager, AMI_PORT), ManagerLogin("ringfence", SecretStr("wrong"), memory), within=5
            ).ask("Ping")
    assert not client(pbx.manager, memory=memory).login.locked, "other credentials start anew"
    assert b"wrong" not in (memory.kept or b"wrong")


@pytest.mark.parametrize("value", ["a\r\nAction: Ping", "a\nb", "a\0b", "x" * 901])
async def test_a_value_that_would_be_another_action_is_never_sent(pbx: Asterisk, value: str) -> None:
    way = client(pbx.manager)
    with pytest.raises(BadParameter):
        await way.change("DBPut", Family="test", Key="a", Val=value)
    assert (await way.ask("Ping"))["Ping"] == "Pong"
    way.close()


async def test_what_is_refused_says_why_and_the_connection_goes_on(pbx: Asterisk) -> None:
    way = client(pbx.manager)
    watcher = AmiClient(ManagerPlace(pbx.manager, AMI_PORT), ManagerLogin("watcher", SecretStr(SECRET), NoMemory()))
    with pytest.raises(NotSupported):
        await way.ask("NoSuchThing")
    with pytest.raises(NotFound):
        await way.change("Hangup", Channel="PJSIP/9999-00000000")
    with pytest.raises(AccessDenied):
        await watcher.change("DBPut", Family="test", Key="a", Val="b")
    assert await way.list("DBGet", Family="test", Key="a") == []
    way.close()
    watcher.close()
    with pytest.raises(Unreachable):
        await way.ask("Ping")


async def test_rights_that_lack_are_named(pbx: Asterisk) -> None:
    connection = MAKE.connect(*installed(pbx.manager, user="watcher"), NoMemory())
    can = await connection.capabilities()
    assert {one.lacking for one in can.does} == {"a manager user with `write = system,call,reporting`"}
    assert can.firmware
    await connection.close()


async def test_nothing_is_changed_once_the_pbx_may_be_anothers(pbx: Asterisk) -> None:
    ours = [True]

    def fence() -> None:
        if not ours[0]:
            raise NotOurs("the lease has run out")

    way = client(pbx.manager, fence=fence)
    await way.change("DBPut", Family="test", Key="fence", Val="before")
    ours[0] = False
    with pytest.raises(NotOurs):
        await way.change("DBPut", Family="test", Key="fence", Val="after")
    assert [one.get("Val") for one in await way.list("DBGet", Family="test", Key="fence")][:1] == ["before"]
    way.close()


async def test_a_connection_that_was_cut_is_opened_anew_for_what_only_reads(
    pbx: Asterisk, connection: AsteriskConnection
) -> None:
    assert await connection.discover()
    await asyncio.to_thread(pbx.kill)
    await asyncio.to_thread(pbx.start)
    assert {one.number for one in (await connection.discover()).extensions.known()} >= {"1001", "1007"}


Answer = Callable[[bytes], bytes]


@asynccontextmanager
async def far_end(answer: Answer) -> AsyncIterator[tuple[AmiClient, list[bytes]]]:
    """Somebody who takes every login, and answers what follows as he likes; with what was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/5.0.4\r\n")
        while frame := await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b"":
            fields = dict(line.split(b": ", 1) for line in frame.split(b"\r\n") if b": " in line)
            name = fields[b"ActionID"]
            if fields[b"Action"] in (b"Challenge", b"Login"):
                writer.write(b"Response: Success\r\nActionID: %b\r\nChallenge: 1\r\n\r\n" % name)
                continue
            asked.append(fields[b"Action"])
            writer.write(answer(name))
            if not answer(name):
                break
        writer.close()

    ended: list[asyncio.Task[None]] = []

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        ended.append(task)
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            writer.transport.abort()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    way = client("127.0.0.1", port=port)
    yield way, asked
    way.close()
    server.close()
    await asyncio.wait(ended)


HOSTILE: dict[str, Answer] = {
    "closes": lambda name: b"",
    "says nothing of ours": lambda name: b"Response: Success\r\nActionID: other\r\n\r\n",
    "a line without end": lambda name: b"x" * 200_000,
    "a frame without end": lambda name: b"Key: value\r\n" * 2_000,
    "two events in one": lambda name: b"Event: A\r\nEvent: B\r\nActionID: %b\r\n\r\n" % name,
    "a list without end": lambda name: b"Response: Success\r\nEventList: start\r\nActionID: %b\r\n\r\n" % name,
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
async def test_a_far_end_that_answers_as_nobody_should_is_unreachable_and_a_change_is_sent_once(
    answer: Answer,
) -> None:
    async with far_end(answer) as (way, asked):
        with pytest.raises(PbxError) as error:
            await way.list("Status")
        assert isinstance(error.value, Unreachable)
        before = len(asked)
        if answer is not HOSTILE["a list without end"]:
            with pytest.raises(Unreachable):
                await way.change("DBPut", Family="a", Key="b", Val="c")
            assert len(asked) == before + 1


@pytest.mark.parametrize(
    ("url", "port", "encrypted"),
    [("ami://pbx.example", 5038, False), ("amis://pbx.example", 5039, True), ("ami://[2001:db8::1]:99", 99, False)],
)
def test_where_a_url_leads(url: str, port: int, encrypted: bool) -> None:
    place = place_of(url, tls(True))
    assert (place.port, place.tls is not None) == (port, encrypted)
    assert place.host in ("pbx.example", "2001:db8::1")
