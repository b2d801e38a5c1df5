"""The enforcers that the settings ask for."""

from detector.settings import Settings
from streams.containment.enforcers.enforcer import Enforcer
from streams.containment.enforcers.feed import Feed
from streams.containment.enforcers.nftables import Nftables


def enforcers_of(settings: Settings, feed: Feed) -> list[Enforcer]:
    """What can block addresses, as configured."""
    found: list[Enforcer] = []
    if settings.enforcers.feed is not None:
        found.append(feed)
    if settings.enforcers.nftables is not None:
        found.append(Nftables(settings.enforcers.nftables.netns))
    return found
