"""How Ringfence reaches one PBX."""

from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, model_validator

from detector.settings.params import Params, Seconds
from detector.settings.values import Located, Short, TimeZone, host_or_network, refusal
from streams.config.secrets import Secret


def web_parts(value: str) -> SplitResult | None:
    """The parts of an address of the web, `http` or `https`, with no account and no fragment; None if it is none."""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if sound and not (parts.username or parts.password or parts.fragment) else None


def web_url(value: str) -> str:
    """`https://host:port`, with no path, account or query."""
    parts = web_parts(value)
    if parts is None or parts.query:
        raise refusal("not a URL of a PBX", "a URL such as https://pbx.example:8088")
    host_or_network(str(parts.hostname), cidr=False)
    return value.rstrip("/")


def pbx_url(value: str) -> str:
    """As `web_url`, or `ami://host:port` and with TLS `amis://host:port` of a manager interface."""
    scheme, mark, rest = value.partition("://")
    if scheme not in MANAGER_SCHEMES:
        return web_url(value)
    if web_url(f"http{mark}{rest}").count("/") != value.rstrip("/").count("/") or urlsplit(value).path.strip("/"):
        raise refusal("not a URL of a manager interface", "a URL such as amis://pbx.example:5039")
    return value.rstrip("/")


MANAGER_SCHEMES = ("ami", "amis")
Url = Annotated[str, AfterValidator(pbx_url)]


class PbxMake(StrEnum):
    """The makes of PBX that can be connected, each by the name of its package."""

    YEASTAR = "yeastar"
    ASTERISK = "asterisk"

    @property
    def spares_emergency(self) -> bool:
        """Whether what shuts a route or trunk of such a PBX lets emergency calls through."""
        return self is PbxMake.ASTERISK


class Transport(StrEnum):
    """How the PBX's events come in."""

    WEBSOCKET = "websocket"
    WEBHOOK = "webhook"
    BOTH = "both"


class Connection(Params):
    """The PBX's API; `timezone` is that of its times, where it is not the PBX's own.

    Of an Asterisk it is the manager interface, `client_id` and `client_secret` are name and secret of a manager user.
    `call_records` is its `Master.csv`, where that can be read from here: what ended while nobody listened stands there.
    """

    make: PbxMake = PbxMake.YEASTAR
    url: Url
    client_id: Secret = None
    client_secret: Secret = None
    serial: Short | None = None
    verify_tls: bool = True
    webhook_secret: Secret = None
    events: Transport = Transport.WEBSOCKET
    poll_cdr: Seconds = 30.0
    timezone: TimeZone | None = None
    call_records: Located | None = None

    @model_validator(mode="after")
    def _webhooks_are_signed(self) -> Self:
        if self.events is not Transport.WEBSOCKET and "webhook_secret" not in self.model_fields_set:
            raise refusal("events by webhook need webhook_secret", "env:NAME or file:PATH")
        return self

    @model_validator(mode="after")
    def _reached_as_its_make_is(self) -> Self:
        managed = self.url.partition("://")[0] in MANAGER_SCHEMES
        if managed != (self.make is PbxMake.ASTERISK):
            allowed = "ami:// or amis://" if self.make is PbxMake.ASTERISK else "https:// or http://"
            raise refusal(f"not how a PBX of make {self.make} is reached", f"a URL that begins with {allowed}")
        if self.call_records is not None and self.make is not PbxMake.ASTERISK:
            raise refusal(f"a PBX of make {self.make} tells its call records itself", "no `call_records`")
        if self.make is PbxMake.ASTERISK and self.events is not Transport.WEBSOCKET:
            raise refusal("an Asterisk pushes nothing: its events come by the connection", "no `events`")
        return self
