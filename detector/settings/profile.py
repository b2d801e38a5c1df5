"""From layers to one flat profile of each PBX and extension, made once and looked up in the hot path."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from msgspec import Struct

from detector.settings.hours import Week
from detector.settings.layers import Route, Trunk
from detector.settings.rules import RuleSettings


class ExtensionProfile(Struct, frozen=True, kw_only=True):
    """What holds for one extension; an empty set of countries is not enforced."""

    group: str | None
    allowed_source_countries: frozenset[str]
    allowed_destination_countries: frozenset[str]
    international: bool
    emergency_device: bool
    business_hours: Week
    holidays: str | tuple[date, ...]


class Tariffs(Struct, frozen=True):
    """Prices per minute by E.164 prefix, and the CSV file whose prefixes they outweigh."""

    prices: Mapping[str, float]
    file: Path | None


class PbxProfile(Struct, frozen=True, kw_only=True):
    """What holds for one PBX.

    `timezone` is an IANA name, `business_hours` seven days from Monday of (first, end) minutes in local
    time, `holidays` a country, country-subdivision or dates. `emergency_numbers` are those over and above the
    country's own. `everyone` is an extension of which nothing is configured. `protected` are addresses,
    CIDRs and host names. `spares_emergency`: a shut route or trunk lets emergency calls through. Retention is in
    seconds.
    """

    pbx: str
    tenant: str
    region: str
    timezone: str
    international_prefix: str
    access_digit: str
    business_hours: Week
    holidays: str | tuple[date, ...]
    emergency_numbers: tuple[str, ...]
    tariffs: Tariffs
    currency: str
    protected: tuple[str, ...]
    trunks: Mapping[str, Trunk]
    routes: Mapping[str, Route]
    spares_emergency: bool
    mask_numbers: bool
    raw_retention: float
    findings_retention: float
    everyone: ExtensionProfile
    extensions: Mapping[str, ExtensionProfile]
    rules: Mapping[str, RuleSettings]
    rules_of: Mapping[str, Mapping[str, RuleSettings]]

    @property
    def allowed_source_countries(self) -> frozenset[str]:
        """Countries that may register and log in; empty is not enforced."""
        return self.everyone.allowed_source_countries

    @property
    def allowed_destination_countries(self) -> frozenset[str]:
        """Countries that may be called; empty is not enforced."""
        return self.everyone.allowed_destination_countries

    def extension(self, number: str | None) -> ExtensionProfile:
        """The profile of extension `number`; one that is not configured gets the PBX's."""
        return self.extensions.get(number, self.everyone) if number is not None else self.everyone

    def rule(self, rule: str, extension: str | None = None) -> RuleSettings:
        """Limits and mode of a rule for an extension; equal settings are the same object.

        Raises KeyError for a rule that is not in the catalogue.
        """
        if extension is None:
            return self.rules[rule]
        return self.rules_of.get(extension, self.rules)[rule]
