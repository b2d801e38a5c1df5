"""All places where HEP comes in, by the settings, and the PBXs whose SIP it is."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from zoneinfo import ZoneInfo

from detector.formats.format import FormatOptions
from detector.formats.hep.hep_format import Hep
from detector.formats.own_network import Network
from detector.formats.parties import TRUNK_CONTEXTS, Parties
from detector.settings import PbxProfile, Policies
from streams.config.installation import Installation, InstalledPbx
from streams.config.listener_settings import HepSettings
from streams.runtime.ingest import Ingest, SourceStatus
from streams.sources.hep_port import HepMember, HepPort
from streams.sources.hep_source import HepSource

KeyedHash = Callable[[str], str]


class HepReceivers:
    """What `ringfence run` receives. Beside a connection the calls are those that the connection tells."""

    def __init__(self, settings: Installation, policies: Policies, ingest: Ingest, keyed_hash: KeyedHash) -> None:
        self._sources: list[HepSource] = []
        places: dict[tuple[str, int, str], list[tuple[HepSettings, HepMember]]] = defaultdict(list)
        for pbx in settings.pbxs:
            if pbx.hep is not None:
                options = hep_options(pbx, policies.of(pbx.id), keyed_hash)
                source = HepSource(Hep(options, calls=pbx.connection is None), ingest)
                self._sources.append(source)
                place = (pbx.hep.host, pbx.hep.port, pbx.hep.transport)
                places[place].append((pbx.hep, HepMember(pbx.hep, source)))
        self.ports = [HepPort(members[0][0], [member for _, member in members]) for members in places.values()]

    def statuses(self) -> list[SourceStatus]:
        """How each PBX's is doing, the same objects each time."""
        return [source.status for source in self._sources]

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for port in self.ports:
                tasks.create_task(port.run())
            for source in self._sources:
                tasks.create_task(source.run())


def hep_options(pbx: InstalledPbx, profile: PbxProfile, keyed_hash: KeyedHash) -> FormatOptions:
    """What the copies of a PBX's SIP do not say."""
    return FormatOptions(
        pbx=pbx.id, zone=ZoneInfo(profile.timezone), year=None, keyed_hash=keyed_hash, region=profile.region,
        parties=Parties(
            trunks=frozenset(profile.trunks), extensions=frozenset(profile.extensions),
            trunk_contexts=TRUNK_CONTEXTS | set(pbx.trunk_contexts),
        ),
        network=network_of(pbx),
    )  # fmt: skip


def network_of(pbx: InstalledPbx) -> Network:
    """Which addresses are the PBX's, and which its carriers'."""
    own = pbx.hep.addresses if pbx.hep is not None else ()
    return Network(own, {name: trunk.hosts for name, trunk in pbx.trunks.items()})
