"""How much is done without a person: an hour, and to how many people at once."""

from typing import Annotated

from pydantic import Field

from detector.settings.params import Params

Many = Annotated[int, Field(ge=0, le=100_000)]


class BlastBounds(Params):
    """Up to which an action may hit who is not accused without a person: above it is asked.

    `cut_off` extensions that lose the PBX, `calls` that are ended, `limited` as a share of all extensions that lose a
    way to call.
    """

    cut_off: Many = 0
    calls: Many = 0
    limited: Annotated[float, Field(ge=0, le=1)] = 1.0


class Ceilings(Params):
    """How many an hour are done to one PBX, and how many calls are placed to people; above that a person is asked."""

    restrict_extension: Many = 20
    hang_up: Many = 100
    calls: Many = 12
