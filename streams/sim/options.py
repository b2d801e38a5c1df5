"""Everything that can be chosen about a simulated PBX before it starts."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, SecretStr

from streams.sim.weaknesses import USUAL, Control

DateFormat = Literal["YYYY/MM/DD", "MM/DD/YYYY", "DD/MM/YYYY", "YYYY-MM-DD"]


class SimWebhook(BaseModel):
    """One entry of *Webhook Event Push*: where events go and how they are signed."""

    model_config = ConfigDict(frozen=True)

    url: str
    secret: str = Field(default="", max_length=32, repr=False)
    request_method: Literal["GET", "POST"] = "POST"
    event_ids: tuple[int, ...] = ()
    """Events pushed to this URL; empty means all."""


class SimOptions(BaseModel):
    """How one simulated PBX behaves; times are seconds of the real clock unless a script plays them.

    `speed` divides the waiting times and call durations of scripts (traffic, attacks, ringing), never the
    PBX's own limits (tokens, idle drop, `max_outb_call_duration`); its clock runs at the real pace.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    seed: int = 7
    speed: PositiveFloat = 1.0
    control: bool = False
    """Offer `GET /sim/state` and `POST /sim/attack/{name}` to local callers."""

    device_name: str = "PBX-HQ"
    model_name: str = "P570"
    weak: frozenset[Control] = USUAL
    """Controls of the guide that this PBX fails; none is a sound one. The attacks need the usual ones."""
    serial: str = "3631A2124001"
    firmware_version: str = "37.23.0.123"
    timezone: str = "America/New_York"
    starts_at: AwareDatetime | None = None
    """What its clock shows when it is switched on; absent: the real time."""
    date_format: DateFormat = "YYYY/MM/DD"
    twelve_hour: bool = False

    client_id: str = "ringfence"
    client_secret: SecretStr | None = None
    """Generated when absent."""
    access_token_seconds: PositiveFloat = 1800
    refresh_token_seconds: PositiveFloat = 86400
    api_allowed_ips: tuple[str, ...] = ()
    request_seconds: float = Field(default=0, ge=0)
    """How long it takes to answer a request of the API."""
    denied_permissions: frozenset[str] = frozenset()
    """First path segments the API application may not use, such as `call`."""
    unsupported_endpoints: frozenset[str] = frozenset()
    """Paths that this firmware answers with 10001, such as `webhook/query`."""
    accept_disable_outb_call: bool = True
    """Off: `extension/update` silently ignores the field and `get` does not show it."""
    show_route_positions: bool = True
    """Off: routes come without `pos`, so nobody can tell in which order they are tried."""
    cdr_epoch_bounds: bool = False
    """`cdr/search` takes epoch seconds instead of display-format times."""
    shared_uid: bool = True
    """All rows of a call have one `uid`, and `new_id` is the row's own; off: each row has its own `uid`, too."""
    end_with_uid: bool = True
    """Off: 30012 comes without `uid`, as on older firmware."""
    websocket_idle_seconds: PositiveFloat = 60

    webhooks: tuple[SimWebhook, ...] = Field(default=(), max_length=5)
    webhook_timeout_seconds: PositiveFloat = 5
    webhook_retries: int = Field(default=3, ge=0)
    webhook_retry_wait_seconds: PositiveFloat = 1
    silent_notifications: frozenset[str] = frozenset()
    """Names of system events whose notification is switched off."""

    registration_failures: PositiveInt = 5
    web_login_failures: PositiveInt = 5
    web_lockout_seconds: PositiveFloat = 600
    auto_defense: bool = False
    """The PBX itself drops SIP from an address after too many failed registrations."""
    emergency_numbers: tuple[str, ...] = ("911", "112")
    emergency_route: bool = False
    """An outbound route of its own for 911, open to everybody."""
    access_digit: str = "9"
    trunk_capacity: PositiveInt = 30
    unanswered_numbers: frozenset[str] = frozenset()
    """Numbers at which nobody answers the PBX's prompts."""
    business_hours: tuple[int, int] = (8, 18)

    firewall_feed_url: str | None = None
    """Feed of addresses, one a line, that a firewall in front of the PBX drops."""
    firewall_poll_seconds: PositiveFloat = 0.5

    honest_traffic: bool = False
    calls_per_hour: PositiveFloat = 90
    attack: str | None = None
    attack_after: float = Field(default=30, ge=0)
    """Script seconds from the start to the attack."""
