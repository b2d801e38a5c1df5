"""One PBX by all that reaches it: its client, its sources, and what its actions must know."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import phonenumbers

from detector.decide.guard import GuardFacts
from detector.enrich.dialling.home import emergency_numbers
from detector.formats.yeastar.yeastar_frames import YeastarFrames
from detector.settings import PbxProfile
from streams.config.connection import Transport
from streams.config.installation import InstalledPbx
from streams.containment.enforcers.enforcer import Enforcer
from streams.pbxs.dialling import Dialling
from streams.pbxs.pbx import Means
from streams.runtime.ingest import Ingest, SourceStatus
from streams.store.rows import ActionRow
from streams.yeastar.catchup import Catchup
from streams.yeastar.cdr_poll import CdrPoll
from streams.yeastar.client import YeastarClient
from streams.yeastar.http import Fence
from streams.yeastar.remembered import LoginMemory
from streams.yeastar.webhook import webhook_of
from streams.yeastar.websocket import WebSocketSource

OURSELVES = ("127.0.0.0/8", "::1/128")


class Connected:
    """A PBX with a connection: sources feed `ingest`, actions go through `site`."""

    def __init__(
        self,
        settings: InstalledPbx,
        profile: PbxProfile,
        ingest: Ingest,
        enforcers: Sequence[Enforcer],
        keyed_hash: Callable[[str], str],
        *,
        since: datetime | None,
        memory: LoginMemory,
        fence: Fence | None = None,
    ) -> None:
        connection = settings.connection
        self.profile = profile
        self.client = client_of(settings, profile, memory=memory, fence=fence)
        self.site = Means(
            client=self.client, enforcers=tuple(enforcers), dialling=dialling(profile),
            emergency_routes=frozenset(name for name, route in profile.routes.items() if route.emergency),
        )  # fmt: skip
        frames = frames_of(settings, profile, keyed_hash)
        self.catchup = catchup = Catchup(self.client, frames, since=since)
        assert connection is not None, "client_of needs it"
        self._poll = CdrPoll(self.client, settings.id, ingest, catchup, interval=connection.poll_cdr)
        self._socket: WebSocketSource | None = None
        if connection.events is not Transport.WEBHOOK:
            self._socket = WebSocketSource(self.client, frames, ingest, catchup, sn=connection.serial)
        self.webhook = webhook_of(settings, frames)

    def statuses(self) -> list[SourceStatus]:
        """How the sources are doing that `run` has."""
        found = [self._poll.status]
        if self._socket is not None:
            found.append(self._socket.status)
        return found

    async def run(self) -> None:
        """Listen until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._poll.run())
                if self._socket is not None:
                    tasks.create_task(self._socket.run())
        finally:
            await asyncio.shield(self.client.close())


def client_of(
    settings: InstalledPbx, profile: PbxProfile, *, memory: LoginMemory | None = None, fence: Fence | None = None
) -> YeastarClient:
    """A client of the PBX's API. Raises ValueError where the settings lack what it needs."""
    connection = settings.connection
    if connection is None or connection.client_id is None or connection.client_secret is None:
        raise ValueError(f"PBX {settings.id} has no connection with client_id and client_secret")
    return YeastarClient(
        str(connection.url),
        connection.client_id.get_secret_value(),
        connection.client_secret,
        zone=zone_of(settings, profile),
        verify=connection.verify_tls,
        memory=memory,
        fence=fence,
    )


def zone_of(pbx: InstalledPbx, profile: PbxProfile) -> ZoneInfo:
    """The zone of the PBX's times."""
    own = pbx.connection.timezone if pbx.connection is not None else None
    return ZoneInfo(own or profile.timezone)


def frames_of(pbx: InstalledPbx, profile: PbxProfile, keyed_hash: Callable[[str], str]) -> YeastarFrames:
    """What reads the PBX's frames."""
    return YeastarFrames(pbx.id, zone_of(pbx, profile), pbx.notice_names, keyed_hash=keyed_hash)


class LiveFacts:
    """What the guard must know of an action's target at this moment; host names are looked up again as they change."""

    EVERY = 300.0

    def __init__(self, profile: PbxProfile, url: str) -> None:
        self._profile = profile
        self._dialling = dialling(profile)
        self._trunks = [host for trunk in profile.trunks.values() for host in trunk.hosts]
        self._own = [urlsplit(url).hostname or "", *(name for name in profile.protected if not is_address(name))]
        self._known: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._at = 0.0

    async def of(self, row: ActionRow) -> GuardFacts:
        """The facts for one action."""
        trunks, own = await self._addresses()
        profile, target = self._profile, row.target.id
        return GuardFacts(
            protected=profile.protected,
            trunk_addresses=trunks,
            own_addresses=own,
            emergency_device=profile.extension(target).emergency_device,
            emergency_path=any(route.emergency for name, route in profile.routes.items() if name != target),
            emergency_numbers=self._dialling.emergency_numbers,
            calling_code=self._dialling.calling_code,
        )

    async def _addresses(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """`(of the trunks, our own and those protected by name)`."""
        loop = asyncio.get_running_loop()
        if self._known is None or loop.time() - self._at > self.EVERY:
            self._known = (await resolved(self._trunks), (*OURSELVES, *await resolved(self._own)))
            self._at = loop.time()
        return self._known


async def resolved(hosts: Sequence[str]) -> tuple[str, ...]:
    """Every address of the hosts, and the names themselves; a name that cannot be looked up stays a name."""
    loop = asyncio.get_running_loop()
    found = dict.fromkeys(hosts)
    for host in hosts:
        if is_address(host) or not host:
            continue
        try:
            answers = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            continue
        found.update((str(answer[4][0]).partition("%")[0], None) for answer in answers)
    return tuple(host for host in found if host)


def is_address(text: str) -> bool:
    """Whether this is an address or a CIDR rather than a name."""
    try:
        ip_address(text.partition("/")[0])
    except ValueError:
        return False
    return True


def dialling(profile: PbxProfile) -> Dialling:
    """The PBX's habits of dialling."""
    numbers = (*emergency_numbers(profile.region), *profile.emergency_numbers)
    return Dialling(
        calling_code=str(phonenumbers.country_code_for_region(profile.region) or ""),
        international_prefix=profile.international_prefix, access_digit=profile.access_digit,
        emergency_numbers=tuple(dict.fromkeys(numbers)),
    )  # fmt: skip
