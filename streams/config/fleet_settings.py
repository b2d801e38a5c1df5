"""When what single PBXs see concerns the whole fleet."""

from typing import Annotated

from pydantic import Field

from detector.settings.params import Params, Seconds

WEEK = 7 * 86_400.0


class FleetSettings(Params):
    """An address or block of numbers is on the fleet list while `pbxs` PBXs have seen it attack within `window`."""

    enabled: bool = True
    pbxs: Annotated[int, Field(ge=2, le=10_000)] = 3
    window: Annotated[Seconds, Field(ge=3_600, le=30 * 86_400)] = WEEK
