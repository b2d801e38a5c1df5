"""The guide's syntax for call frequency: `200/10/second&3000/1/minute` (C27)."""

import re

from msgspec import Struct

RULE = re.compile(r"(\d{1,5})/(\d{1,5})/(second|minute)s?", re.ASCII)
UNITS = {"second": 1, "minute": 60}
MAX_RULES = 8


class Frequency(Struct, frozen=True):
    """At most `calls` within `seconds`; `text` is the rule as written."""

    calls: int
    seconds: int
    text: str


def parse(text: str) -> tuple[Frequency, ...]:
    """All rules joined by `&`, in their order.

    Raises ValueError saying what is allowed.
    """
    rules = []
    for part in text.replace(" ", "").split("&"):
        match = RULE.fullmatch(part)
        if match is None or int(match[1]) == 0 or int(match[2]) == 0:
            raise ValueError(f"{part[:40]!r} is not number/time/second or number/time/minute, such as 5/1/second")
        rules.append(Frequency(int(match[1]), int(match[2]) * UNITS[match[3]], part))
    if len(rules) > MAX_RULES:
        raise ValueError(f"{len(rules)} rules joined, allowed are {MAX_RULES}")
    return tuple(rules)
