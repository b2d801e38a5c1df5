"""Syslog over real sockets: framed either way, of either RFC, each message for the PBX its sender is known for."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent
from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.config.installation import Installation, core_settings
from streams.sources.followed import receive
from streams.sources.syslog_frames import SyslogFrames
from streams.sources.syslog_source import SyslogSource
from tests.certificates import authority
from tests.ports import free_ports
from tests.streams.sources.following import refusal, until


class Received:
    """The beginning of the log; `taking` is when it takes something."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.letters: list[Rejected] = []
        self.taking = asyncio.Event()
        self.taking.set()

    async def put(self, events: Sequence[AnyEvent]) -> None:
        await self.taking.wait()
        self.events += events

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        self.letters.append(rejected)

    def told(self) -> list[tuple[str, str | None, str | None]]:
        return [(event.pbx, getattr(event, "account", None), event.trust) for event in self.events]


def message(number: int, *, host: str = "pbx1", new: bool = True) -> bytes:
    """A refused registration, behind a head of RFC 5424 or of RFC 3164."""
    line = refusal(number, f"{1000 + number}")
    day, text = line[1:20].decode(), line[22:]
    head = (
        f"<134>1 {day.replace(' ', 'T')}-05:00 {host} asterisk 12 - - "
        if new
        else f"<134>Nov 23 {day[11:]} {host} a[1]: "
    )
    return head.encode() + text


def settings(folder: Path, *pbxs: dict[str, Any], ways: Sequence[str] = ("udp", "tcp", "tls")) -> Installation:
    listeners: dict[str, Any] = {way: {"port": free_ports(1)} for way in ways}
    if "tls" in ways:
        authority(folder, "server")
        listeners["tls"] |= {"certificate": folder / "server.pem", "key": folder / "server.pem"}
    known = [{"id": f"pbx{at}", "syslog": {"format": "asterisk-log", **one}, "timezone": "America/New_York"}
             for at, one in enumerate(pbxs)]  # fmt: skip
    return Installation.model_validate({"data": folder, "syslog": listeners, "pbxs": known})


@asynccontextmanager
async def listening(installation: Installation, log: Received) -> AsyncIterator[SyslogSource]:
    source, inboxes = receive(installation, Policies(core_settings(installation), catalogue()), str, log)
    for inbox in inboxes:
        inbox._quiet = 0.1
    tasks = [asyncio.create_task(one.run()) for one in (source, *inboxes)]
    await asyncio.sleep(0.1)
    try:
        yield source
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def port(installation: Installation, way: str) -> int:
    return int(getattr(installation.syslog, way).port)


async def send(installation: Installation, way: str, *datas: bytes, of: str = "127.0.0.1") -> None:
    """Over a connection of its own; over UDP each by itself."""
    if way == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((of, 0))
            for data in datas:
                sender.sendto(data, ("127.0.0.1", port(installation, way)))
        return
    context = ssl.create_default_context(cafile=installation.data / "ca.pem") if way == "tls" else None
    _, writer = await asyncio.open_connection("127.0.0.1", port(installation, way), ssl=context, local_addr=(of, 0))
    with suppress(ConnectionError):
        for data in datas:
            writer.write(data)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


def counted(data: bytes) -> bytes:
    return b"%d %s" % (len(data), data)


FRAMED: dict[str, Callable[[bytes], bytes]] = {"counted": counted, "lines": lambda data: data + b"\n"}


@pytest.mark.parametrize("new", [True, False], ids=["RFC 5424", "RFC 3164"])
@pytest.mark.parametrize(("way", "framed"), [("udp", None), ("tcp", "counted"), ("tcp", "lines"), ("tls", "counted")])
async def test_what_is_sent_is_read(way: str, framed: str | None, new: bool, tmp_path: Path) -> None:
    installation, log = settings(tmp_path, {"senders": ["127.0.0.1"]}), Received()
    async with listening(installation, log) as source:
        sent = [message(number, new=new) for number in range(50)]
        await send(installation, way, *(FRAMED[framed](one) if framed else one for one in sent))
        await until(lambda: len(log.events) == 50)
        assert source.problem is None
    assert log.told() == [("pbx0", f"{1000 + number}", None) for number in range(50)]
    assert {event.source for event in log.events} == {"syslog"}


async def test_a_sender_is_known_by_its_address_and_the_host_tells_only_its_pbxs_apart(tmp_path: Path) -> None:
    pbxs = ({"senders": ["127.0.0.2"], "hosts": ["east"]}, {"senders": ["127.0.0.2"], "hosts": ["WEST"]},
            {"senders": ["127.0.0.3/32"]})  # fmt: skip
    installation, log = settings(tmp_path, *pbxs), Received()
    async with listening(installation, log) as source:
        await send(installation, "tcp", *(counted(message(at, host=host)) for at, host in
                                          enumerate(("east", "west", "north"))), of="127.0.0.2")  # fmt: skip
        await send(installation, "udp", message(3, host="east"), of="127.0.0.3")
        for way in ("udp", "tcp"):
            await send(installation, way, message(4, host="east"), of="127.0.0.9")
        await until(lambda: len(log.events) == 3 and source.strangers.total() == 3)
    assert sorted(log.told()) == [("pbx0", "1000", None), ("pbx1", "1001", None), ("pbx2", "1003", None)]
    assert set(source.strangers) == {"127.0.0.2, host north", "127.0.0.9"}
    assert source.problem == (
        "syslog of senders that are not known was dropped 3 times: 127.0.0.9, 127.0.0.2, host north"
    )


async def test_datagrams_of_other_machines_are_text_and_change_nothing_of_what_is_sure(tmp_path: Path) -> None:
    installation, log = settings(tmp_path, {"senders": ["127.0.0.1"]}, ways=("tcp",)), Received()
    async with listening(installation, log) as source:
        [(_, inbox)] = source._inboxes
        inbox.offer(message(0), forgeable=True)
        await send(installation, "tcp", counted(message(1)))
        await until(lambda: len(log.events) == 2)
    assert sorted(log.told()) == [("pbx0", "1000", "text"), ("pbx0", "1001", None)]


async def test_a_log_that_takes_nothing_holds_up_connections_and_datagrams_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.sources.syslog_inbox.QUEUED", 100)
    installation, log = settings(tmp_path, {"senders": ["127.0.0.1"]}, ways=("tcp",)), Received()
    log.taking.clear()
    async with listening(installation, log) as source:
        [(_, inbox)] = source._inboxes
        sending = asyncio.create_task(send(installation, "tcp", *(counted(message(one)) for one in range(30_000))))
        await until(inbox._queue.full)
        await asyncio.sleep(0.2)
        assert not sending.done()
        for one in range(5):
            inbox.offer(message(9_000 + one), forgeable=False)
        assert inbox.dropped == 5
        log.taking.set()
        await until(lambda: len(log.events) == 30_000)
        await sending
        await until(lambda: inbox.status.problem == "5 datagrams dropped: more came than was taken")


async def test_one_address_has_no_more_than_its_share_of_connections(tmp_path: Path) -> None:
    installation, log = settings(tmp_path, {"senders": ["127.0.0.0/24"]}, ways=("tcp",)), Received()
    async with listening(installation, log):
        open_ones = [await asyncio.open_connection("127.0.0.1", port(installation, "tcp")) for _ in range(32)]
        refused, other = await asyncio.open_connection("127.0.0.1", port(installation, "tcp"))
        assert await refused.read() == b""
        await send(installation, "tcp", counted(message(0)), of="127.0.0.7")
        await until(lambda: len(log.events) == 1)
        for _, writer in [*open_ones, (refused, other)]:
            writer.close()
            await writer.wait_closed()


STREAMS = {
    "counted, one by one": (b"5 <1>ab6 <1>abc", [b"<1>ab", b"<1>abc"]),
    "a line end behind a counted one": (b"5 <1>ab\n6 <1>abc\n", [b"<1>ab", b"<1>abc"]),
    "lines": (b"<1>a\r\n<1>b\n\n<1>c\0\n", [b"<1>a\r", b"<1>b", b"<1>c\0"]),
    "a line that begins with a year": (b"2026-11-23 x\n<1>y\n", [b"2026-11-23 x", b"<1>y"]),
    "a counted one with line ends": (b"8 <1>a\nb\nc5 <1>de", [b"<1>a\nb\nc"[:8], b"<1>de"]),
    "one beyond the limit, counted": (b"30 <1>" + b"x" * 27 + b"5 <1>ab", [b"<1>" + b"x" * 17, b"<1>ab"]),
    "one beyond the limit, a line": (b"<1>" + b"x" * 60 + b"\n<1>b\n", [b"<1>" + b"x" * 17, b"<1>b"]),
    "a last one without an end": (b"<1>a\n<1>b", [b"<1>a", b"<1>b"]),
}


@pytest.mark.parametrize("piece", [1, 2, 7, 1_000])
@pytest.mark.parametrize("name", STREAMS)
def test_messages_are_told_apart_however_their_bytes_come(name: str, piece: int) -> None:
    stream, expected = STREAMS[name]
    frames = SyslogFrames(longest=20)
    found = [one for at in range(0, len(stream), piece) for one in frames.feed(stream[at : at + piece])]
    assert [*found, *frames.close()] == expected
