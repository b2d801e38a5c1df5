"""Receives syslog for the whole installation, over UDP, TCP and TLS, and tells by its sender which PBX it is of."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from ipaddress import ip_address, ip_network

import structlog

from streams.config.sources.syslog_settings import SyslogListeners, SyslogPlace, SyslogSenders
from streams.sources.serving_tls import HANDSHAKE_SECONDS, serving
from streams.sources.syslog_frames import SyslogFrames, host_of
from streams.sources.syslog_inbox import SyslogInbox

CONNECTIONS = 512
OF_ONE_ADDRESS = 32
CHUNK = 64 * 1024
NAMED_STRANGERS = 64

log = structlog.get_logger()


class SyslogSource:
    """Listens until cancelled. `strangers` counts what came from nobody who is named in the settings.

    A sender is known by the address its packets come from; the host that a message names only tells apart the PBXs of
    one sender. Who is not known is not read: his connection is closed, his datagram dropped.
    """

    def __init__(self, listeners: SyslogListeners, inboxes: Sequence[tuple[SyslogSenders, SyslogInbox]]) -> None:
        self.strangers = Counter[str]()
        self._listeners = listeners
        self._inboxes = [([ip_network(one) for one in senders.senders], inbox) for senders, inbox in inboxes]
        self._open = Counter[str]()

    @property
    def problem(self) -> str | None:
        """What came from strangers, for people."""
        if not self.strangers:
            return None
        most = ", ".join(name for name, _ in self.strangers.most_common(3))
        return f"syslog of senders that are not known was dropped {self.strangers.total()} times: {most}"

    async def run(self) -> None:
        """Listen. Raises OSError where an address cannot be had, or a certificate not be read."""
        async with AsyncExitStack() as stack:
            if (udp := self._listeners.udp) is not None:
                loop = asyncio.get_running_loop()
                transport, _ = await loop.create_datagram_endpoint(
                    lambda: SyslogDatagrams(self), local_addr=(udp.host, udp.port)
                )
                stack.callback(transport.close)
            if (tcp := self._listeners.tcp) is not None:
                await stack.enter_async_context(await self._serve(tcp, None))
            if (tls := self._listeners.tls) is not None:
                await stack.enter_async_context(await self._serve(tls, serving(tls.certificate, tls.key)))
            await asyncio.Event().wait()

    def of(self, address: str) -> list[SyslogInbox]:
        """Of which PBXs an address may tell."""
        try:
            sender = ip_address(address.partition("%")[0])
        except ValueError:
            return []
        sender = getattr(sender, "ipv4_mapped", None) or sender
        return [inbox for networks, inbox in self._inboxes if any(sender in one for one in networks)]

    def inbox(self, address: str, known: Sequence[SyslogInbox], message: bytes) -> SyslogInbox | None:
        """Of which of these PBXs a message is; None, and counted, if of none."""
        host = host_of(message) if any(one.hosts for one in known) else None
        found = next((one for one in known if host in one.hosts), None)
        found = found or next((one for one in known if not one.hosts), None)
        if found is None:
            self.stranger(f"{address}, host {host}" if known else address)
        return found

    def stranger(self, name: str) -> None:
        """Somebody who is not known has sent something."""
        if name not in self.strangers and len(self.strangers) >= NAMED_STRANGERS:
            name = "others"
        if name not in self.strangers:
            log.warning("syslog of a sender that is not known", sender=name)
        self.strangers[name] += 1

    async def _serve(self, place: SyslogPlace, context: ssl.SSLContext | None) -> asyncio.Server:
        limits = {"ssl_handshake_timeout": HANDSHAKE_SECONDS} if context is not None else {}
        return await asyncio.start_server(self._connected, place.host, place.port, ssl=context, limit=CHUNK, **limits)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str(writer.get_extra_info("peername")[0])
        known = self.of(address)
        try:
            if not known:
                self.stranger(address)
            elif self._open[address] >= OF_ONE_ADDRESS or self._open.total() >= CONNECTIONS:
                log.warning("too many connections for syslog", sender=address)
            else:
                self._open[address] += 1
                try:
                    await self._read(reader, address, known)
                finally:
                    self._open -= Counter((address,))  # which forgets whoever has none left
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, address: str, known: Sequence[SyslogInbox]) -> None:
        frames = SyslogFrames()
        with suppress(ConnectionError, ssl.SSLError):
            while data := await reader.read(CHUNK):
                for message in frames.feed(data):
                    await self._put(address, known, message)
        for message in frames.close():
            await self._put(address, known, message)

    async def _put(self, address: str, known: Sequence[SyslogInbox], message: bytes) -> None:
        inbox = self.inbox(address, known, message)
        if inbox is not None:
            await inbox.put(message)


class SyslogDatagrams(asyncio.DatagramProtocol):
    """One message a datagram. From another machine its address may be forged, from this one it cannot be."""

    def __init__(self, source: SyslogSource) -> None:
        self._source = source

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """To the PBX it is of, if there is room."""
        address = addr[0]
        inbox = self._source.inbox(address, self._source.of(address), data)
        if inbox is not None:
            inbox.offer(data, forgeable=not ip_address(address.partition("%")[0]).is_loopback)
