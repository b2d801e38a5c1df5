"""The whole configuration: what findings depend on, and what exists once in an installation."""

from pathlib import Path

from pydantic import ConfigDict, Field, create_model, field_validator

from detector.settings import Pbx, Policy, Settings
from detector.settings.params import Params
from detector.settings.values import Identifier, Located, Short, Snake, refusal
from streams.config.archive_settings import ArchiveSettings
from streams.config.block_list_settings import BlockListSource
from streams.config.brakes_settings import BlastBounds, Ceilings
from streams.config.connection import Connection
from streams.config.dangers.risk_names import RiskName
from streams.config.enforcer_settings import Enforcers, EnforcerSettings, knowing
from streams.config.fleet_settings import FleetSettings
from streams.config.kafka_settings import Kafka
from streams.config.listener_settings import Console, FeedSettings, HepSettings, WebhookListener
from streams.config.metrics_settings import Metrics
from streams.config.notify_settings import CallOut, Notify
from streams.config.secrets import JournalUrl
from streams.config.sources.followed_settings import FollowedFiles
from streams.config.sources.syslog_settings import SyslogListeners, SyslogSenders


class InstalledPbx(Pbx):
    """A PBX with how it is reached and read; without anything that tells of it live it is only replayed or imported.

    `trunk_contexts` are those of an Asterisk or FreeSWITCH in which calls from trunks begin, over and above the usual.
    `files` are logs and call records it writes, which are followed; `syslog` is who sends its log to us.
    `notice_names` maps a P-Series' names of system events to those of the contract.
    """

    connection: Connection | None = None
    files: tuple[FollowedFiles, ...] = ()
    syslog: SyslogSenders | None = None
    hep: HepSettings | None = None
    trunk_contexts: tuple[Short, ...] = ()
    notice_names: dict[Short, Snake] = Field(default_factory=dict)

    @property
    def watched(self) -> bool:
        """Whether something tells of it while it happens."""
        told = self.connection, self.hep, self.syslog
        return any(one is not None for one in told) or bool(self.files)

    @field_validator("spares_emergency")
    @classmethod
    def _follows_from_the_make(cls, spares: bool) -> bool:
        if spares:
            raise refusal("nobody can say this of a PBX: it follows from its make", "no `spares_emergency`")
        return spares


class Installation(Params):
    """The whole configuration. `journal` None is SQLite in `data`; `kafka` None is the embedded runtime."""

    model_config = ConfigDict(hide_input_in_errors=True)

    defaults: Policy = Policy()
    tenants: dict[Identifier, Policy] = Field(default_factory=dict)
    pbxs: tuple[InstalledPbx, ...] = ()
    data: Path = Path("data")
    journal: JournalUrl = None
    console: Console = Console()
    webhook: WebhookListener = WebhookListener()
    metrics: Metrics = Metrics()
    feed: FeedSettings = FeedSettings()
    syslog: SyslogListeners = SyslogListeners()
    enforcers: Enforcers = Enforcers()
    notify: tuple[Notify, ...] = ()
    calls: tuple[CallOut, ...] = ()
    country_database: Located | None = None
    block_lists: tuple[BlockListSource, ...] = ()
    kafka: Kafka | None = None
    fleet: FleetSettings = FleetSettings()
    archive: ArchiveSettings = ArchiveSettings()
    ceilings: Ceilings = Ceilings()
    bounds: BlastBounds = BlastBounds()
    accepted_risks: dict[RiskName, Short] = Field(default_factory=dict)
    """Dangerous settings that somebody has accepted, by name, and why."""


def with_enforcers(enforcers: EnforcerSettings) -> type[Installation]:
    """The configuration where these are all the enforcers there are, each with what can be set of it."""
    model = knowing(enforcers)
    return create_model("Installation", __base__=Installation, enforcers=(model, model()))


def core_settings(installation: Installation) -> Settings:
    """What the core is given of an installation; no connection and no secret comes with it."""
    return Settings(
        defaults=installation.defaults,
        tenants=installation.tenants,
        pbxs=tuple(core_pbx(pbx) for pbx in installation.pbxs),
    )


def core_pbx(pbx: InstalledPbx) -> Pbx:
    """The PBX as the core knows it."""
    known = {field: getattr(pbx, field) for field in Pbx.model_fields}
    spares = pbx.connection is not None and pbx.connection.make.spares_emergency
    return Pbx.model_construct(**known | {"spares_emergency": spares})
