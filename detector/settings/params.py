"""Base of every rule's limits: pydantic, frozen, unknown keys refused, durations as people write them."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)", re.ASCII)


def seconds(value: object) -> object:
    """`60`, `60s`, `5m`, `1h30m`, `2d` as seconds; anything else is left for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    text = value.strip().replace(" ", "")
    parts = DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError("expected a duration such as 30s, 5m, 1h30m or 2d")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


Seconds = Annotated[float, BeforeValidator(seconds), Field(gt=0, le=400 * 86_400)]


Days = Annotated[int, Field(ge=0, le=8)]
"""On so many earlier days something is usual; no more than are remembered."""


class Params(BaseModel):
    """Settings of one thing; every field has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")
