"""The layers that inherit from each other: defaults, tenant, PBX, group, extension; None is inherited."""

from typing import Annotated

from pydantic import ConfigDict, Discriminator, Field, JsonValue, PositiveInt, Tag

from detector.contract.vocabulary import Mode
from detector.settings.hours import Hours
from detector.settings.params import Params, Seconds
from detector.settings.values import (
    Address,
    Countries,
    Currency,
    Day,
    Digits,
    Extension,
    HolidayRegion,
    Host,
    Identifier,
    Located,
    MinutePrice,
    Prefix,
    Region,
    Short,
    TimeZone,
)

TARIFFS = "not tariffs (allowed: a CSV file, or a map of prefix to price per minute)"
HOLIDAYS = "not holidays (allowed: a country such as US or US-CA, or a list of dates)"


def form(value: object) -> str:
    """Whether something is written as a map, as a list or as one word."""
    return "map" if isinstance(value, dict) else "list" if isinstance(value, list | tuple) else "word"


WrittenTariffs = Annotated[
    Annotated[dict[Prefix, MinutePrice], Tag("map")] | Annotated[Located, Tag("word")],
    Discriminator(form, custom_error_type="form", custom_error_message=TARIFFS),
]
Holidays = Annotated[
    Annotated[HolidayRegion, Tag("word")] | Annotated[tuple[Day, ...], Tag("list")],
    Discriminator(form, custom_error_type="form", custom_error_message=HOLIDAYS),
]
Rules = dict[Short, dict[Short, JsonValue]]


class Retention(Params):
    """How long raw events and findings are kept."""

    raw: Seconds | None = None
    findings: Seconds | None = None


class Privacy(Params):
    """What is shown of numbers, and how long data lives."""

    mask_numbers: bool | None = None
    retention: Retention = Retention()


class Personal(Params):
    """What an extension can have of its own; the limits of `rules` are judged by `problems`."""

    mode: Mode | None = None
    rules: Rules = Field(default_factory=dict)
    business_hours: Hours = Field(default_factory=dict)
    holidays: Holidays | None = None
    allowed_source_countries: Countries | None = None
    allowed_destination_countries: Countries | None = None
    international: bool | None = None


class Policy(Personal):
    """What `defaults`, a tenant and a PBX have in common."""

    region: Region | None = None
    timezone: TimeZone | None = None
    international_prefix: Digits | None = None
    access_digit: Digits | None = None
    emergency_numbers: tuple[Digits, ...] | None = None
    tariffs: WrittenTariffs | None = None
    currency: Currency | None = None
    protected: tuple[Address, ...] = ()
    privacy: Privacy = Privacy()


class Group(Personal):
    """Extensions with the same settings."""

    members: tuple[Extension, ...] = ()


class ExtensionSettings(Personal):
    """One extension. An `emergency_device` (alarm dialler, lift) is never restricted or reset."""

    group: Short | None = None
    emergency_device: bool = False


class Trunk(Params):
    """A way to a carrier: its addresses are never blocked; `max_calls` None is no known limit."""

    hosts: tuple[Host, ...] = ()
    max_calls: PositiveInt | None = None


class Route(Params):
    """An outbound route; one that carries emergency calls is never locked."""

    emergency: bool = False


class Pbx(Policy):
    """One telephone system as the core knows it: how it is reached, and with which secret, is known outside.

    Where a `Pbx` belongs, one that knows more is refused. `spares_emergency` follows from its make: what shuts a route
    or trunk of it lets emergency calls through.
    """

    model_config = ConfigDict(revalidate_instances="subclass-instances")

    id: Identifier
    tenant: Identifier | None = None
    trunks: dict[Short, Trunk] = Field(default_factory=dict)
    routes: dict[Short, Route] = Field(default_factory=dict)
    groups: dict[Short, Group] = Field(default_factory=dict)
    extensions: dict[Extension, ExtensionSettings] = Field(default_factory=dict)
    spares_emergency: bool = False


class Settings(Params):
    """All that findings depend on: what is inherited, and the PBXs."""

    model_config = ConfigDict(hide_input_in_errors=True)

    defaults: Policy = Policy()
    tenants: dict[Identifier, Policy] = Field(default_factory=dict)
    pbxs: tuple[Pbx, ...] = ()
