"""Where people, PBXs and firewalls reach Ringfence."""

from typing import Self

from pydantic import Field, model_validator

from detector.settings.params import Params
from detector.settings.values import Host, Identifier, Networks, Port, refusal
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
