"""A P-Series in our hands: one client, and all that goes through it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from detector.audit.declared import Declared
from detector.audit.posture import Posture
from detector.contract.events import Call
from detector.contract.vocabulary import Act
from detector.formats.parties import Parties
from detector.formats.yeastar.yeastar_frames import YeastarFrames
from detector.settings import PbxProfile
from streams.config.connection import Connection, Transport
from streams.config.installation import InstalledPbx
from streams.pbxs.dialling import dialling_of
from streams.pbxs.discovery import CallUp, Capabilities, Discovery
from streams.pbxs.pbx import AnyAction, KeyedHash, PbxConnection, PbxSources, Present, TimeFormats
from streams.runtime.ingest import Ingest, SourceStatus
from streams.yeastar.call_routes import CallRoutes
from streams.yeastar.capabilities import capabilities
from streams.yeastar.catchup import Catchup
from streams.yeastar.cdr_poll import CdrPoll
from streams.yeastar.client import YeastarClient
from streams.yeastar.discover import calls_up, discover, present
from streams.yeastar.p_series_action import ACTIONS, Means
from streams.yeastar.read_posture import read_posture
from streams.yeastar.ringing import ring
from streams.yeastar.webhook import PSeriesWebhook, webhook_of
from streams.yeastar.websocket import WebSocketSource


class PSeriesConnection(PbxConnection):
    """The API of one P-Series; `connection` is that of its settings."""

    def __init__(
        self, client: YeastarClient, settings: InstalledPbx, connection: Connection, profile: PbxProfile
    ) -> None:
        self.client = client
        self._settings = settings
        self._connection = connection
        self._profile = profile
        self._dialling = dialling_of(profile)

    @property
    def locked(self) -> bool:
        """Whether two logins in a row were refused."""
        return self.client.locked

    @property
    def times(self) -> TimeFormats | None:
        """As of the last time it was asked."""
        return TimeFormats(self.client.display.date_format, self.client.display.time_format)

    def sources(
        self, ingest: Ingest, keyed_hash: KeyedHash, *, since: datetime | None, up: Sequence[Call] = ()
    ) -> PbxSources:
        """The poll of its call records, and its WebSocket unless all comes by webhook."""
        frames = frames_of(self._settings, self._profile, keyed_hash)
        routes = CallRoutes(self.client, self._settings.id, self._dialling.emergency.ways)
        return PSeriesSources(self.client, frames, routes, ingest, self._settings, self._connection, since)

    def actions(self) -> Mapping[Act, AnyAction]:
        """One of each kind."""
        routes = self._profile.routes
        means = Means(
            client=self.client, dialling=self._dialling,
            emergency_routes=frozenset(name for name, route in routes.items() if route.emergency),
        )  # fmt: skip
        return {Act(name): kind(means) for name, kind in ACTIONS.all().items()}

    async def capabilities(self) -> Capabilities:
        """By reading a little of each interface."""
        return await capabilities(self.client)

    async def discover(self) -> Discovery:
        """Extensions, trunks and outbound routes."""
        return await discover(self.client, self._dialling)

    async def calls(self) -> Sequence[CallUp]:
        """Outbound ones, and inbound ones that were sent on."""
        return await calls_up(self.client)

    async def present(self) -> Present:
        """By its list of extensions and the calls it shows."""
        return await present(self.client)

    async def posture(self, declared: Declared, now: datetime) -> Posture:
        """What its API shows of what an audit judges."""
        return await read_posture(self.client, self._settings, self._profile, declared, now)

    async def call_person(self, number: str, extension: str, prompts: Sequence[str]) -> bool:
        """By `call/play_prompt` where the firmware has it, else by `call/dial`."""
        return await ring(self.client, number, extension, prompts)

    async def close(self) -> None:
        """Give the token back."""
        await self.client.close()


class PSeriesSources(PbxSources):
    """What listens to one P-Series.

    They share what was sent already, the PBX's way of showing times, and its routes.
    """

    def __init__(
        self,
        client: YeastarClient,
        frames: YeastarFrames,
        routes: CallRoutes,
        ingest: Ingest,
        settings: InstalledPbx,
        connection: Connection,
        since: datetime | None,
    ) -> None:
        frames.find_routes = routes.find
        self._catchup = Catchup(client, frames, since=since, routes=routes)
        self._webhook = webhook_of(settings, frames)
        poll = CdrPoll(settings.id, ingest, self._catchup, interval=connection.poll_cdr)
        self._running: list[CdrPoll | WebSocketSource] = [poll]
        if connection.events is not Transport.WEBHOOK:
            self._running.append(WebSocketSource(client, frames, ingest, self._catchup, sn=connection.serial))

    @property
    def heard_at(self) -> datetime | None:
        """When the last gap was filled."""
        return self._catchup.filled_at

    @property
    def webhook(self) -> PSeriesWebhook | None:
        """Its webhook, if it is to push."""
        return self._webhook

    def statuses(self) -> list[SourceStatus]:
        """Of the poll, and of the stream if there is one."""
        return [one.status for one in self._running]

    async def run(self) -> None:
        """Poll and listen."""
        async with asyncio.TaskGroup() as tasks:
            for one in self._running:
                tasks.create_task(one.run())


def frames_of(pbx: InstalledPbx, profile: PbxProfile, keyed_hash: KeyedHash) -> YeastarFrames:
    """What reads the PBX's frames."""
    parties = Parties(trunks=frozenset(profile.trunks), extensions=frozenset(profile.extensions))
    return YeastarFrames(pbx.id, zone_of(pbx, profile), pbx.notice_names, keyed_hash=keyed_hash, parties=parties)


def zone_of(pbx: InstalledPbx, profile: PbxProfile) -> ZoneInfo:
    """The zone of the PBX's times."""
    own = pbx.connection.timezone if pbx.connection is not None else None
    return ZoneInfo(own or profile.timezone)
