"""The names of dangerous settings, by which a person accepts them."""

from enum import StrEnum


class RiskName(StrEnum):
    """One name for each kind."""

    CONSOLE_OPEN = "console.open"
    FEED_TOKEN = "feed.token"  # noqa: S105 - a name
    WEBHOOK_SECRET = "webhook.secret"  # noqa: S105 - a name
    PBX_UNENCRYPTED = "pbx.unencrypted"
    PBX_UNVERIFIED = "pbx.unverified"
    HEP_FORGEABLE = "hep.forgeable"
    EMERGENCY_NO_ROUTE = "emergency.no_route"
    EMERGENCY_ACCESS_DIGIT = "emergency.access_digit"
    RULES_ALL_AUTOMATIC = "rules.all_automatic"
    TRUNK_HOSTS = "trunk.hosts"
    PROTECTED_WIDE = "protected.wide"
    PROTECTED_NONE = "protected.none"
