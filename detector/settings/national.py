"""What follows from the home country where nothing else is said: exit code, time zone, public holidays."""

import re

import phonenumbers
from phonenumbers.tzdata import TIMEZONE_DATA

from detector.settings.values import HOLIDAYS, listed, refusal

USUAL_PREFIX = "00"
CHOSEN_ZONE = {"US": "America/New_York"}


def international_prefix(region: str) -> str:
    """The digits dialled before a foreign number; where carriers compete, what their codes begin with."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    pattern = metadata and (metadata.preferred_international_prefix or metadata.international_prefix)
    if not pattern:
        return USUAL_PREFIX
    literal = re.match(r"[0-9~]*", pattern)
    digits = literal.group().replace("~", "") if literal else ""
    return digits if len(digits) > 1 else USUAL_PREFIX


def timezone(region: str) -> str:
    """The one time zone of the country's numbers; where there are several it has to be set.

    Raises ValueError naming some of them.
    """
    zones = TIMEZONE_DATA.get(str(phonenumbers.country_code_for_region(region)), ())
    zone = CHOSEN_ZONE.get(region) or (zones[0] if len(zones) == 1 else None)
    if zone is None:
        raise refusal(f"timezone must be set for region {region}", listed(zones))
    return zone


def holidays(region: str) -> str | tuple[()]:
    """The country's own public holidays, none where they are not known."""
    return region if region in HOLIDAYS else ()
