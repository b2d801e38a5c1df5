"""HEP as it comes in: by UDP, TCP and TLS, of one PBX or several, from strangers, and faster than it can be read."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Registration
from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.config.installation import Installation, core_settings
from streams.sources import hep_port
from streams.sources.hep_receivers import HepReceivers
from streams.sources.hep_source import DROPPED
from tests.certificates import authority
from tests.hep import PBX, THIEF, Talk, guess

KEY = "a-key-of-the-test"
PATIENCE = 10.0


class SipLog:
    """What was handed over."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.held = asyncio.Event()
        self.held.set()

    async def put(self, events: Sequence[AnyEvent]) -> None:
        await self.held.wait()
        self.events += events

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        raise AssertionError(rejected)

    def accepted(self) -> list[tuple[str, str | None]]:
        return [(each.pbx, each.account) for each in self.events
                if isinstance(each, Registration) and each.outcome == "accepted"]  # fmt: skip


@asynccontextmanager
async def receiving(log: SipLog, *pbxs: dict[str, object], folder: Path | None = None) -> AsyncIterator[HepReceivers]:
    """PBXs called a, b, c, whose HEP comes in at a port of its own for each transport."""
    named = [
        {"id": name, "hep": {"addresses": [PBX], "port": 9060, **one}} for name, one in zip("abc", pbxs, strict=False)
    ]
    settings = Installation.model_validate({"pbxs": named}, context={"secret": lambda _, __: KEY, "folder": folder})
    receivers = HepReceivers(settings, Policies(core_settings(settings), catalogue()), log, str)
    for one in receivers.ports:
        one.port = 0
    running = asyncio.create_task(receivers.run())
    try:
        async with asyncio.timeout(PATIENCE):
            for one in receivers.ports:
                await one.up.wait()
        yield receivers
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(met: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not met():  # noqa: ASYNC110 - the state of other tasks
            await asyncio.sleep(0.01)


async def send(receivers: HepReceivers, packets: Sequence[bytes]) -> None:
    """By UDP."""
    way, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=("127.0.0.1", receivers.ports[0].port)
    )
    for each in packets:
        way.sendto(each)
    way.close()


def logs_in(key: str = KEY, capture_id: int = 7, account: str = "1007", tag: str = "a") -> list[bytes]:
    return guess(Talk(THIEF, key=key.encode(), capture_id=capture_id, call_id=tag), account, status=200)


async def test_packets_by_udp_become_events_and_the_source_is_up() -> None:
    log = SipLog()
    async with receiving(log, {"key": "env:KEY"}) as receivers:
        await send(receivers, logs_in())
        await until(log.accepted)
        (status,) = receivers.statuses()
        assert log.accepted() == [("a", "1007")]
        assert (status.connected, status.problem, status.unread) == (True, None, 0)
        assert all(each.received_at is not None and each.source == "hep" for each in log.events)


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_packets_by_a_connection_in_whatever_pieces(transport: str, tmp_path: Path) -> None:
    log, context = SipLog(), None
    more: dict[str, object] = {"key": "env:KEY", "transport": transport}
    if transport == "tls":
        authority(tmp_path, "server")
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        more["certificate"] = "server.pem"
    async with receiving(log, more, folder=tmp_path) as receivers:
        _, writer = await asyncio.open_connection("127.0.0.1", receivers.ports[0].port, ssl=context)
        for each in b"".join(logs_in())[:100], b"".join(logs_in())[100:]:
            writer.write(each)
            await writer.drain()
            await asyncio.sleep(0.01)
        await until(log.accepted)
        writer.close()


async def test_a_connection_that_speaks_something_else_is_closed_and_counted() -> None:
    async with receiving(SipLog(), {"key": "env:KEY", "transport": "tcp"}) as receivers:
        reader, writer = await asyncio.open_connection("127.0.0.1", receivers.ports[0].port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""
        assert receivers.statuses()[0].unread == 1
        writer.close()


REFUSED = {
    "another key": ({"key": "env:KEY"}, logs_in("wrong")),
    "no key": ({"key": "env:KEY"}, logs_in("")),
    "another sender": ({"senders": ["192.0.2.0/24"]}, logs_in()),
    "another capture id": ({"key": "env:KEY", "capture_ids": [8]}, logs_in()),
}


@pytest.mark.parametrize(("more", "packets"), REFUSED.values(), ids=REFUSED)
async def test_packets_of_nobody_are_counted_and_told(more: dict[str, object], packets: list[bytes]) -> None:
    log = SipLog()
    async with receiving(log, more) as receivers:
        await send(receivers, packets)
        await until(lambda: receivers.ports[0].refused == 4)
        assert log.events == []
        assert "127.0.0.1" in (receivers.statuses()[0].problem or "")


async def test_what_cannot_be_read_is_counted_with_its_reason() -> None:
    async with receiving(SipLog(), {"key": "env:KEY"}) as receivers:
        await send(receivers, [b"HEP3\x00\x07x", b"HEP1"])
        (status,) = receivers.statuses()
        await until(lambda: status.unread == 2)
        assert status.unread_reason == "not HEP version 3"


async def test_two_pbxs_at_one_port_are_told_apart_by_capture_id() -> None:
    log = SipLog()
    async with receiving(log, *({"key": "env:KEY", "capture_ids": [number]} for number in (1, 2))) as receivers:
        assert len(receivers.ports) == 1
        await send(receivers, [*logs_in(capture_id=2, account="1002"), *logs_in(capture_id=1, account="1001")])
        await until(lambda: len(log.accepted()) == 2)
        assert sorted(log.accepted()) == [("a", "1001"), ("b", "1002")]


async def test_what_comes_faster_than_the_log_takes_it_is_dropped_counted_and_told() -> None:
    log = SipLog()
    async with receiving(log, {"key": "env:KEY"}) as receivers:
        source = receivers._sources[0]
        source._most = 8
        log.held.clear()
        packets = [each for number in range(5) for each in logs_in(tag=f"{number}")]
        for each in packets:
            receivers.ports[0].take(each, "127.0.0.1")
        assert (source.status.unread, source.status.problem) == (12, DROPPED)
        log.held.set()
        await until(lambda: source.status.problem is None)
        assert len(log.accepted()) == 2


async def test_a_port_that_is_taken_is_told_and_opened_once_it_is_free() -> None:
    first = SipLog()
    async with receiving(first, {"key": "env:KEY"}) as taken:
        place = hep_port.HepPort(_settings(), taken.ports[0]._members, pause=0.01)
        place.port = taken.ports[0].port
        running = asyncio.create_task(place.run())
        await until(lambda: taken.statuses()[0].problem)
        assert f"127.0.0.1:{place.port}" in (taken.statuses()[0].problem or "")
        assert not place.up.is_set()
    async with asyncio.timeout(PATIENCE):
        await place.up.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def _settings() -> hep_port.HepSettings:
    return hep_port.HepSettings.model_validate({"addresses": [PBX], "senders": ["127.0.0.1"]})
