"""An Asterisk in our hands: two connections to its manager interface, and all that goes through them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from detector.audit.declared import Declared
from detector.audit.posture import Posture
from detector.contract.events import Call
from detector.contract.vocabulary import Act
from detector.formats.asterisk.asterisk_ami import AsteriskAmi
from detector.formats.format import FormatOptions
from detector.formats.parties import TRUNK_CONTEXTS, Parties
from detector.settings import PbxProfile
from streams.asterisk.ami_client import AmiClient
from streams.asterisk.ami_source import AmiSource
from streams.asterisk.asterisk_action import ASTERISK_ACTIONS, AsteriskMeans
from streams.asterisk.asterisk_capabilities import capabilities
from streams.asterisk.asterisk_discover import discover
from streams.asterisk.asterisk_posture import read_posture
from streams.asterisk.channels_up import calls_now, present
from streams.asterisk.guarded_lines import unasked_problem
from streams.config.installation import InstalledPbx
from streams.pbxs.dialling import dialling_of
from streams.pbxs.discovery import CallUp, Capabilities, Discovery
from streams.pbxs.pbx import AnyAction, KeyedHash, PbxConnection, PbxSources, Present, TimeFormats, WebhookSource
from streams.pbxs.pbx_errors import NotSupported
from streams.runtime.ingest import Ingest, SourceStatus


class AsteriskConnection(PbxConnection):
    """The manager interface of one Asterisk."""

    def __init__(self, client: AmiClient, settings: InstalledPbx, profile: PbxProfile) -> None:
        self.client = client
        self._settings = settings
        self._profile = profile
        self.means = AsteriskMeans(client=client, dialling=dialling_of(profile), parties=parties_of(settings, profile))

    @property
    def locked(self) -> bool:
        """Whether two logins in a row were refused."""
        return self.client.login.locked

    @property
    def times(self) -> TimeFormats | None:
        """Times come as seconds since 1970."""
        return None

    def sources(
        self, ingest: Ingest, keyed_hash: KeyedHash, *, since: datetime | None, up: Sequence[Call] = ()
    ) -> PbxSources:
        """Its events."""
        connection = self._settings.connection
        zone = ZoneInfo((connection.timezone if connection is not None else None) or self._profile.timezone)
        options = FormatOptions(
            pbx=self._settings.id, zone=zone, year=None, keyed_hash=keyed_hash, region=self._profile.region,
            parties=self.means.parties,
        )  # fmt: skip
        reader = AsteriskAmi(options)
        reader.take_up(up)
        records = connection.call_records if connection is not None else None
        return AsteriskSources(AmiSource(self.client, reader, ingest, self.problem, records=records, since=since))

    def actions(self) -> Mapping[Act, AnyAction]:
        """One of each kind."""
        return {Act(name): kind(self.means) for name, kind in ASTERISK_ACTIONS.all().items()}

    async def problem(self) -> str | None:
        """Ways out over a trunk that do not ask our guard."""
        trunks = (await discover(self.means)).trunks.value or ()
        return await unasked_problem(self.client, self.means.parties.trunks | {one.name for one in trunks})

    async def capabilities(self) -> Capabilities:
        """By its version, our rights, and the guard in its dialplan."""
        return await capabilities(self.means)

    async def discover(self) -> Discovery:
        """Endpoints of chan_pjsip, and the routes that lines of the dialplan name."""
        return await discover(self.means)

    async def calls(self) -> Sequence[CallUp]:
        """Those that have called somebody outside."""
        return [one.call for one in await calls_now(self.means) if one.call.called]

    async def present(self) -> Present:
        """By its contacts and channels."""
        return await present(self.means)

    async def posture(self, declared: Declared, now: datetime) -> Posture:
        """What its manager interface shows of what an audit judges."""
        return await read_posture(self.means, self._settings.id, declared)

    async def call_person(self, number: str, extension: str, prompts: Sequence[str]) -> bool:
        """Not without the right to originate calls, which we do not ask for."""
        raise NotSupported("Ringfence places no calls on an Asterisk: our manager user has no right to")

    async def close(self) -> None:
        """End the connection for actions; the source ends its own."""
        self.client.close()


class AsteriskSources(PbxSources):
    """What listens to one Asterisk."""

    def __init__(self, source: AmiSource) -> None:
        self._source = source

    @property
    def heard_at(self) -> datetime | None:
        """When the last event came."""
        return self._source.heard_at

    @property
    def webhook(self) -> WebhookSource | None:
        """It pushes nothing."""
        return None

    def statuses(self) -> list[SourceStatus]:
        """Of the one."""
        return [self._source.status]

    async def run(self) -> None:
        """Listen."""
        await self._source.run()


def parties_of(settings: InstalledPbx, profile: PbxProfile) -> Parties:
    """The names that are configured."""
    return Parties(
        trunks=frozenset(profile.trunks), extensions=frozenset(profile.extensions),
        trunk_contexts=TRUNK_CONTEXTS | set(settings.trunk_contexts),
    )  # fmt: skip
