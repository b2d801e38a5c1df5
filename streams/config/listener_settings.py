"""Where people, PBXs and firewalls reach Ringfence."""

from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from detector.settings.params import Params
from detector.settings.values import Host, Identifier, Located, Networks, Port, refusal, unique
from streams.config.secrets import Secret


class Console(Params):
    """Where the console listens. `proxies` stand before it: they are believed where a request comes from."""

    host: Host = "127.0.0.1"
    port: Port = 8686
    proxies: Networks = ()


class WebhookListener(Params):
    """Where PBXs post their events."""

    host: Host = "127.0.0.1"
    port: Port = 8687


class FirewallAccess(Params):
    """A firewall with a token of its own, so that it can be told from others."""

    token: Secret


class FeedSettings(Params):
    """The list of blocked addresses that firewalls poll with a token, where webhooks listen.

    `firewalls` have a token each, by their names; `token` is for all others.
    """

    enabled: bool = False
    token: Secret = None
    firewalls: dict[Identifier, FirewallAccess] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _needs_a_token(self) -> Self:
        if self.enabled and "token" not in self.model_fields_set and not self.firewalls:
            raise refusal("the feed needs a token", "env:NAME or file:PATH")
        return self


class HepTransport(StrEnum):
    """How packets of HEP come."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


def own_address(value: str) -> str:
    """One address, IPv4 out of its IPv6 mapping."""
    try:
        found = ip_address(value)
    except ValueError:
        raise refusal("not an address", "an address such as 192.0.2.10; no host name") from None
    mapped = found.ipv4_mapped if found.version == 6 else None
    return str(mapped or found)


CaptureId = Annotated[int, Field(ge=0, lt=2**32)]
OwnAddresses = Annotated[
    tuple[Annotated[str, AfterValidator(own_address)], ...], AfterValidator(unique), Field(min_length=1, max_length=64)
]


class HepSettings(Params):
    """Copies of the SIP of one PBX, sent by itself, a proxy before it, or a capture agent.

    `addresses` are those at which the PBX speaks SIP: they tell calls in from calls out. Of what comes to `host` and
    `port` this PBX's is what comes from `senders` (none: from anywhere), bears one of `capture_ids` (none: any) and,
    where there is a `key`, that key. With `tls`, `certificate` is a PEM file with certificate and private key.
    """

    host: Host = "127.0.0.1"
    port: Port = 9060
    transport: HepTransport = HepTransport.UDP
    addresses: OwnAddresses
    senders: Networks = ()
    capture_ids: Annotated[tuple[CaptureId, ...], Field(max_length=64)] = ()
    key: Secret = None
    certificate: Located | None = None

    @model_validator(mode="after")
    def _not_for_anybody(self) -> Self:
        if not self.senders and "key" not in self.model_fields_set:
            raise refusal("anybody could speak in the name of the PBX", "senders: [ADDRESS], or key: env:NAME, or both")
        return self

    @model_validator(mode="after")
    def _encrypted_by_a_certificate(self) -> Self:
        if (self.transport is HepTransport.TLS) != (self.certificate is not None):
            raise refusal("transport tls and a certificate go together", "certificate: FILE.pem")
        return self
