"""The whole configuration: what is inherited, the PBXs, and what exists once in an installation."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, model_validator

from detector.contract.vocabulary import Severity
from detector.settings.archive import ArchiveSettings
from detector.settings.fleet import FleetSettings
from detector.settings.kafka import Kafka
from detector.settings.layers import Located, Pbx, Policy
from detector.settings.metrics import Metrics
from detector.settings.params import Params, Seconds
from detector.settings.values import (
    Extension,
    Host,
    Identifier,
    JournalUrl,
    PhoneNumber,
    Port,
    Secret,
    Short,
    Snake,
    matching,
    refusal,
)

LOGGED = ("defaults", "tenants", "pbxs")
UNLOGGED_OF_PBX = {"connection", "notice_names"}

Namespace = Annotated[str, AfterValidator(matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", "a name as in ip netns"))]


class Console(Params):
    """Where the console listens."""

    host: Host = "127.0.0.1"
    port: Port = 8686


class WebhookListener(Params):
    """Where PBXs post their events."""

    host: Host = "127.0.0.1"
    port: Port = 8687


class FeedSettings(Params):
    """The list of blocked addresses that firewalls poll with a token."""

    enabled: bool = False
    token: Secret = None

    @model_validator(mode="after")
    def _needs_a_token(self) -> Self:
        if self.enabled and "token" not in self.model_fields_set:
            raise refusal("the feed needs a token", "env:NAME or file:PATH")
        return self


class FeedEnforcer(Params):
    """Blocked addresses go into the feed."""


class NftablesEnforcer(Params):
    """Blocked addresses go into sets of the nftables table `inet ringfence`, in a network namespace if one is named."""

    netns: Namespace | None = None


class Enforcers(Params):
    """What can block an address; none is used unless named."""

    feed: FeedEnforcer | None = None
    nftables: NftablesEnforcer | None = None


class Notify(Params):
    """A receiver of messages: an Apprise URL, the least severity, the kinds of incident (none: all)."""

    name: Identifier
    url: Secret
    severity: Severity = Severity.WARNING
    repeat: Seconds = 1_800.0
    incidents: tuple[Snake, ...] = ()


class CallOut(Params):
    """Somebody the PBX calls: an extension or an outside number, and the prompt it plays."""

    extension: Extension | None = None
    number: PhoneNumber | None = None
    prompt: Short | None = None
    severity: Severity = Severity.CRITICAL

    @model_validator(mode="after")
    def _one_callee(self) -> Self:
        if (self.extension is None) == (self.number is None):
            raise refusal("exactly one of extension and number is needed")
        return self


class BlockListFile(Params):
    """A list of addresses as plain text, CSV or netset, fetched by whatever keeps it fresh; its age is the file's."""

    name: Identifier
    file: Located


class Settings(Params):
    """The whole configuration. `journal` None is SQLite in `data`; `kafka` None is the embedded runtime."""

    model_config = ConfigDict(hide_input_in_errors=True)

    defaults: Policy = Policy()
    tenants: dict[Identifier, Policy] = Field(default_factory=dict)
    pbxs: tuple[Pbx, ...] = ()
    data: Path = Path("data")
    journal: JournalUrl = None
    console: Console = Console()
    webhook: WebhookListener = WebhookListener()
    metrics: Metrics = Metrics()
    feed: FeedSettings = FeedSettings()
    enforcers: Enforcers = Enforcers()
    notify: tuple[Notify, ...] = ()
    calls: tuple[CallOut, ...] = ()
    country_database: Located | None = None
    block_lists: tuple[BlockListFile, ...] = ()
    kafka: Kafka | None = None
    fleet: FleetSettings = FleetSettings()
    archive: ArchiveSettings = ArchiveSettings()


def settings_as_json(settings: Settings) -> dict[str, JsonValue]:
    """What findings depend on, without secrets and connections; `Settings.model_validate` reads it back."""
    return settings.model_dump(
        mode="json",
        exclude_defaults=True,
        include=dict.fromkeys(LOGGED, True),
        exclude={"pbxs": {"__all__": UNLOGGED_OF_PBX}},
    )
