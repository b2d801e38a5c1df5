"""What an audit knows of one PBX: each piece of knowledge with its source, or why it is unknown; no secrets."""

from typing import Generic, TypeVar

from msgspec import Struct

from detector.audit.declared import Declared

T = TypeVar("T")
Known = TypeVar("Known", covariant=True)


class UnknownError(Exception):
    """A judgement needs what nobody knows; the text says why it is not known."""


class Fact(Struct, Generic[Known], frozen=True):
    """One piece of knowledge and where it is from; without a value, `source` says why it is unknown."""

    value: Known | None
    source: str

    def known(self) -> Known:
        """The value; `UnknownError` if there is none."""
        if self.value is None:
            raise UnknownError(self.source)
        return self.value


class ExtensionPosture(Struct, frozen=True, kw_only=True):
    """One extension. Switches are None where the firmware does not show them.

    `password_flaws` says what is wrong with the registration password; None is not judged.
    """

    number: str
    role: str | None = None
    concurrent_registrations: int | None = None
    remote: bool | None = None
    user_agents_limited: bool | None = None
    addresses_limited: bool | None = None
    outbound_disabled: bool | None = None
    max_call_seconds: int | None = None
    password_flaws: tuple[str, ...] | None = None


class RoutePosture(Struct, frozen=True, kw_only=True):
    """One outbound route; `members` are extension numbers, `groups` names of groups whose members are not read."""

    name: str
    patterns: tuple[str, ...] = ()
    trunks: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    pin: str = "disable"
    abroad: bool = False
    """Whether it takes numbers as they are dialled for abroad."""


class TrunkPosture(Struct, frozen=True, kw_only=True):
    """One trunk."""

    name: str
    enabled: bool = True
    hostname: str = ""
    port: int | None = None


class BlockedPosture(Struct, frozen=True, kw_only=True):
    """One rule that stops numbers."""

    name: str
    direction: str
    numbers: tuple[str, ...]


class Posture(Struct, frozen=True, kw_only=True):
    """One PBX as of one audit; `declared` is what its owner wrote into the settings file."""

    pbx: str
    firmware: Fact[str]
    web_port: Fact[int]
    extensions: Fact[tuple[ExtensionPosture, ...]]
    passwords: Fact[bool]
    """Whether registration passwords could be judged."""
    routes: Fact[tuple[RoutePosture, ...]]
    trunks: Fact[tuple[TrunkPosture, ...]]
    blocked: Fact[tuple[BlockedPosture, ...]]
    premium_blocked: Fact[bool]
    """Whether the country's premium-rate numbers are among them, in every way that a route takes them."""
    backup_age: Fact[float]
    """Days since the last good backup; infinite without one."""
    declared: Declared


def told(value: T | None, key: str) -> Fact[T]:
    """What the settings file says under `key`, or that it does not."""
    if value is None:
        return Fact(None, f"the API does not show it: write `{key}` into the settings file")
    return Fact(value, f"settings file: {key}")
