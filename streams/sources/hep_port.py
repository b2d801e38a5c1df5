"""One place where packets of HEP come in, for one PBX or several: whose each is, nobody's, or no packet at all."""

import asyncio
import hmac
import ssl
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address, ip_network

import structlog

from detector.contract.codec import excerpt_of
from detector.formats.hep.hep_packet import HEAD, MAGIC, HepError, HepPacket, read_packet
from streams.config.listener_settings import HepSettings, HepTransport
from streams.runtime.backoff import Backoff
from streams.sources.hep_source import HepSource
from streams.sources.serving_tls import HANDSHAKE_SECONDS, serving
from streams.sources.socket_drops import dropped, roomy

LOOK_SECONDS = 5.0
IDLE_SECONDS = 3_600.0
MAX_CONNECTIONS = 64
MAX_SENDERS = 1_024
STRANGER = "packets come from {sender}, which are nobody's: by their sender, capture id or key"

log = structlog.get_logger()


class HepMember:
    """A PBX of a place, and how its packets are told from others'."""

    def __init__(self, settings: HepSettings, source: HepSource) -> None:
        self.source = source
        self._senders = [ip_network(one) for one in settings.senders]
        self._capture_ids = frozenset(settings.capture_ids)
        self._key = settings.key.get_secret_value().encode() if settings.key is not None else None
        self._known: dict[str, bool] = {}

    def comes_from(self, sender: str) -> bool:
        """Whether its packets may come from this address."""
        known = self._known.get(sender)
        if known is None:
            known = not self._senders or any(ip_address(sender) in network for network in self._senders)
            if len(self._known) >= MAX_SENDERS:
                self._known.clear()
            self._known[sender] = known
        return known

    def owns(self, packet: HepPacket) -> bool:
        """Whether a packet that may be its own is."""
        if self._capture_ids and packet.capture_id not in self._capture_ids:
            return False
        return self._key is None or hmac.compare_digest(self._key, packet.key)


class HepPort:
    """Listens until cancelled, and opens again what cannot be opened. The first PBX that a packet fits has it.

    `refused` counts packets of nobody; packets that cannot be read are unread ones of those who may have sent them.
    """

    def __init__(self, settings: HepSettings, members: Sequence[HepMember], *, pause: float = 1.0) -> None:
        self.host, self.port = settings.host, settings.port
        self.refused = 0
        self._transport = settings.transport
        self._certificate = settings.certificate
        self._members = members
        self._backoff = Backoff(pause, 60.0)
        self._strangers: dict[str, None] = {}
        self._connections: set[asyncio.Task[None]] = set()
        self.up = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await (self._datagrams() if self._transport is HepTransport.UDP else self._streams())
            except (OSError, ssl.SSLError) as error:
                problem = f"HEP cannot come in at {self.host}:{self.port}: {error.strerror or type(error).__name__}"
                log.error(problem)
                self._say(problem)
            await asyncio.sleep(self._backoff.next())

    def take(self, data: bytes, sender: str) -> None:
        """One packet, from this address."""
        members = [one for one in self._members if one.comes_from(sender)]
        if not members:
            self._refuse(sender)
            return
        try:
            packet = read_packet(data)
        except HepError as error:
            status = members[0].source.status
            status.unread += 1
            status.unread_reason, status.unread_sample = str(error), excerpt_of(data[:240])
            return
        for one in members:
            if one.owns(packet):
                one.source.offer(packet, data)
                return
        self._refuse(sender)

    def _refuse(self, sender: str) -> None:
        """Counted, and told: each address once, and how many in all whenever that has doubled."""
        self.refused += 1
        if self.refused & (self.refused - 1) == 0:
            log.warning("packets of nobody so far", count=self.refused, host=self.host, port=self.port)
        if sender not in self._strangers and len(self._strangers) < MAX_SENDERS:
            self._strangers[sender] = None
            log.warning(STRANGER.format(sender=sender), host=self.host, port=self.port)
        for one in self._members:
            status = one.source.status
            if status.problem is None and status.last_event_at is None:
                status.problem = STRANGER.format(sender=sender)

    def _say(self, problem: str | None) -> None:
        for one in self._members:
            one.source.is_up(problem)

    # --- UDP

    async def _datagrams(self) -> None:
        loop = asyncio.get_running_loop()
        way, _ = await loop.create_datagram_endpoint(lambda: Datagrams(self), local_addr=(self.host, self.port))
        try:
            opened = way.get_extra_info("socket")
            roomy(opened)
            self.port = opened.getsockname()[1]
            self._opened()
            before = dropped(opened)
            while not way.is_closing():
                await asyncio.sleep(LOOK_SECONDS)
                now = dropped(opened)
                if now > before:  # by the kernel, which does not say whose they were
                    self._members[0].source.lose(now - before)
                before = now
        finally:
            way.close()

    def _opened(self) -> None:
        self._say(None)
        self._backoff.reset()
        self.up.set()

    # --- TCP and TLS

    async def _streams(self) -> None:
        context = serving(self._certificate) if self._certificate is not None else None
        shake = HANDSHAKE_SECONDS if context is not None else None
        server = await asyncio.start_server(
            self._connected, self.host, self.port, ssl=context, ssl_handshake_timeout=shake
        )
        try:
            self.port = server.sockets[0].getsockname()[1]
            self._opened()
            await server.serve_forever()
        finally:
            server.close()
            for task in self._connections:
                task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        sender = address_of(writer.get_extra_info("peername"))
        try:
            if len(self._connections) >= MAX_CONNECTIONS or not any(one.comes_from(sender) for one in self._members):
                self._refuse(sender)
                return
            self._connections.add(task)
            with suppress(TimeoutError, asyncio.IncompleteReadError, OSError):
                while (data := await packet_of(reader)) is not None:
                    self.take(data, sender)
                self._unread_stream(sender)
        finally:
            self._connections.discard(task)
            writer.close()

    def _unread_stream(self, sender: str) -> None:
        """What is no packet has no end either: nothing behind it can be read."""
        log.warning("a connection that does not speak HEP was closed", sender=sender, port=self.port)
        status = next(one for one in self._members if one.comes_from(sender)).source.status
        status.unread += 1
        status.unread_reason, status.unread_sample = "a connection that does not speak HEP version 3", ""


class Datagrams(asyncio.DatagramProtocol):
    """What comes by UDP."""

    def __init__(self, port: HepPort) -> None:
        self._port = port

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One packet."""
        self._port.take(data, address_of(addr))


async def packet_of(reader: asyncio.StreamReader) -> bytes | None:
    """The next packet of a connection, None for what is none. Raises IncompleteReadError at the end, TimeoutError."""
    async with asyncio.timeout(IDLE_SECONDS):
        head = await reader.readexactly(HEAD)
        length = int.from_bytes(head[4:])
        if head[:4] != MAGIC or length < HEAD:
            return None
        return head + await reader.readexactly(length - HEAD)


def address_of(peer: Sequence[object]) -> str:
    """The address of whoever is at the other end, IPv4 out of its IPv6 mapping."""
    host = str(peer[0]).partition("%")[0]
    return host.removeprefix("::ffff:") if "." in host else host
