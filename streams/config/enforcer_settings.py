"""What can block an address."""

from typing import Annotated

from pydantic import AfterValidator

from detector.settings.params import Params
from detector.settings.values import matching

Namespace = Annotated[str, AfterValidator(matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", "a name as in ip netns"))]


class FeedEnforcer(Params):
    """Blocked addresses go into the feed."""


class NftablesEnforcer(Params):
    """Blocked addresses go into sets of the nftables table `inet ringfence`, in a network namespace if one is named."""

    netns: Namespace | None = None


class Enforcers(Params):
    """What can block an address; none is used unless named."""

    feed: FeedEnforcer | None = None
    nftables: NftablesEnforcer | None = None
