"""Which ways out of the dialplan ask our guard, by which names of trunk and route; and which do not ask."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from detector.formats.asterisk.asterisk_frames import Fields
from streams.asterisk.ami_client import AmiClient
from streams.asterisk.dialplan_hook import dialplan

ASKS = re.compile(r"ringfence,out,1\(([^,()]{0,256}),([^,()]{1,128}),([^,()]{1,128})\)")

DIALS = re.compile(r"[@/]([\w.-]{1,128})(?=[,&/^)]|\Z)", re.ASCII)
"""The names in what `Dial` is given, of which one may be a trunk."""
SHOWN = 3


class GuardedLine(Struct, frozen=True):
    """A pattern in a context whose calls ask our guard, naming trunk and route."""

    context: str
    pattern: str
    trunk: str
    route: str


async def guarded_lines(client: AmiClient) -> list[GuardedLine]:
    """All such lines, in the order of the dialplan."""
    return [
        GuardedLine(one.get("Context", ""), one.get("Extension", "").removeprefix("_"), found[2], found[3])
        for one in await dialplan(client)
        if (found := ASKS.search(one.get("AppData", ""))) is not None
    ]


async def unasked_problem(client: AmiClient, trunks: frozenset[str]) -> str | None:
    """Which calls leave over a trunk without asking our guard, in a sentence; None where all ask."""
    found = list(dict.fromkeys(_unasked(await dialplan(client), trunks)))
    if not found:
        return None
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return (
        f"no line asks Ringfence's guard before Dial() in {', '.join(found[:SHOWN])}{more}: nothing stops these calls"
    )


def _unasked(lines: Iterable[Fields], trunks: frozenset[str]) -> Iterator[str]:
    asked: set[tuple[str, str]] = set()
    for line in lines:  # those of one extension in their order
        place = (line.get("Context", ""), line.get("Extension", ""))
        data = line.get("AppData", "")
        if ASKS.search(data):
            asked.add(place)
        elif line.get("Application") == "Dial" and place not in asked and not trunks.isdisjoint(DIALS.findall(data)):
            yield " ".join(place)
