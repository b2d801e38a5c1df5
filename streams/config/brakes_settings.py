"""How much is done without a person: an hour, and to how many people at once."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from detector.contract.vocabulary import Act
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
    """How many `calls` an hour go to people, and how many of each of `actions` are done to one PBX; above, one asks.

    What is not named under `actions` is as each act says itself: 20 restrictions, 100 hang-ups.
    """

    calls: Many = 12
    actions: Mapping[Act, Many] = {}
