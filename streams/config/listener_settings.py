"""Where people, PBXs and firewalls reach Ringfence."""

from typing import Self

from pydantic import Field, SecretStr, model_validator

from detector.settings.params import Params
from detector.settings.values import Host, Identifier, Networks, Port, refusal
from streams.config.secrets import Secret

SHORTEST_TOKEN = 16


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

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        need_length(self.token)
        return self


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
        need_length(self.token)
        return self


def need_length(token: SecretStr | None) -> None:
    """A short token is guessed. Raises the error of a validator."""
    if token is not None and len(token.get_secret_value()) < SHORTEST_TOKEN:
        raise refusal("the token of the feed is too short", f"at least {SHORTEST_TOKEN} characters")
