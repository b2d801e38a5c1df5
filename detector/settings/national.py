"""What follows from the home country where nothing else is said: exit code, time zone, public holidays."""

import re
from functools import cache
from importlib.resources import files

import phonenumbers

from detector.settings.values import HOLIDAYS, listed, refusal

USUAL_PREFIX = "00"
CHOSEN_ZONE = {"DE": "Europe/Berlin", "US": "America/New_York"}
"""Where one of several is meant unless another is named; Germany's second one is a village in Switzerland."""


def international_prefix(region: str) -> str:
    """The digits dialled before a foreign number; where carriers compete, what their codes begin with."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    pattern = metadata and (metadata.preferred_international_prefix or metadata.international_prefix)
    if not pattern:
        return USUAL_PREFIX
    literal = re.match(r"[0-9~]*", pattern)
    digits = literal.group().replace("~", "") if literal else ""
    return digits if len(digits) > 1 else USUAL_PREFIX


@cache
def zones_of() -> dict[str, tuple[str, ...]]:
    """The time zones of every country, from the packaged `zone.tab`."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            found[country] = (*found.get(country, ()), zone)
    return found


def timezone(region: str) -> str:
    """The country's one time zone; where there are several it has to be set.

    Raises ValueError naming some of them.
    """
    zones = zones_of().get(region, ())
    zone = CHOSEN_ZONE.get(region) or (zones[0] if len(zones) == 1 else None)
    if zone is None:
        raise refusal(f"timezone must be set for region {region}", listed(zones) or "names such as Europe/Berlin")
    return zone


def holidays(region: str) -> str | tuple[()]:
    """The country's own public holidays, none where they are not known."""
    return region if region in HOLIDAYS else ()
