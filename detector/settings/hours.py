"""Business hours as people write them, brought to one list of open times for each day of the week."""

import re
from typing import Annotated

from pydantic import BeforeValidator

from detector.settings.values import listed, nearest, refusal

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)", re.ASCII)

Week = tuple[tuple[tuple[int, int], ...], ...]


def days(key: object) -> list[str]:
    """`mon`, `mon-fri` or `sat-mon` as the days it names."""
    first, dash, last = str(key).lower().partition("-")
    for name in (first, last) if dash else (first,):
        if name not in DAYS:
            raise refusal(f"unknown day in {str(key)[:32]!r}", listed((*DAYS, "mon-fri")), nearest(name, DAYS))
    start, end = DAYS.index(first), DAYS.index(last or first)
    return [DAYS[(start + step) % 7] for step in range((end - start) % 7 + 1)]


def spans(value: object) -> list[str]:
    """One open time, several, or none for `closed`."""
    if value == "closed":
        return []
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(t, str) and SPAN.fullmatch(t) for t in texts):
        raise refusal("not open times", '"08:00-18:00", a list of such, or closed')
    return [str(text) for text in texts]


def by_day(value: object) -> object:
    """Open times by single day; a day named alone outweighs a range that contains it."""
    if not isinstance(value, dict):
        return value
    open_on: dict[str, list[str]] = {}
    for names, times in sorted(((days(key), spans(time)) for key, time in value.items()), key=lambda e: -len(e[0])):
        open_on.update(dict.fromkeys(names, times))
    return {day: open_on[day] for day in DAYS if day in open_on}


def week(hours: dict[str, tuple[str, ...]]) -> Week:
    """For Monday to Sunday the open times as (first, end) minutes; a night is split at midnight."""
    minutes: list[list[tuple[int, int]]] = [[] for _ in DAYS]
    for day, times in hours.items():
        index = DAYS.index(day)
        for time in times:
            start, end = (int(part[:2]) * 60 + int(part[3:]) for part in time.split("-"))
            if end > start:
                minutes[index].append((start, end))
                continue
            minutes[index].append((start, DAY))
            if end:
                minutes[(index + 1) % 7].append((0, end))
    return tuple(tuple(sorted(spans)) for spans in minutes)


Hours = Annotated[dict[str, tuple[str, ...]], BeforeValidator(by_day)]
